import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { startProxy } from '@dockercoins/testing/cluster'
import { speedFrom } from '@dockercoins/testing/figures'

import { drawGraph } from './graph.ts'

// npm run demo:delivery: a commit makes the worker slower, every test passes, and the pipeline rolls
// it back (docs/delivery.md).

const repository = fileURLToPath(new URL('../..', import.meta.url))
const GRAPH = 'docs/delivery.svg'
const STAGING = 'coins-staging'
const PRODUCTION = 'coins-production'
/** With a pause of 230 ms in place of 100 ms a unit of work takes 430 ms and not 300 ms. */
const FILE = 'services/worker/src/mine.ts'
const LINE = 'if (pause) await pause(stop)'
const SLOW_LINE = 'if (pause) await Promise.all([pause(stop), sleep(230)])'
/** The watch compares this many seconds before the update. */
const BEFORE_S = 60
/** The speed needs this many seconds to settle after a rollback. */
const SETTLE_S = 15

/** The events of the pipeline, and the line of its output that reports each. */
const events = {
  'in production': /coins-production runs \S+ after/,
  'found to be slower': /The speed fell/,
  'rolled back': /coins-production is rolled back/,
}
type Moments = Partial<Record<keyof typeof events, number>>

const folder = await mkdtemp(join(tmpdir(), 'dockercoins-delivery-'))
const clone = join(folder, 'dockercoins')
// ^C also reaches the child processes, so every wait for one of them ends.
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
try {
  await expectNoApplication()
  const webui = `${await startProxy(stop.signal)}/api/v1/namespaces/${PRODUCTION}/services/webui:http/proxy`

  say('Deploying the last commit to production.')
  await run('git', 'clone', '--quiet', repository, clone)
  const TAG = await git('rev-parse', '--short=8', 'HEAD')
  await step(TAG, 'deploy/pipeline/build')
  await step(TAG, 'deploy/pipeline/deploy', PRODUCTION, '--values', 'deploy/environments/production.yaml')
  say(`Watch it at ${webui}/`)
  await sleep(BEFORE_S * 1000, undefined, { signal: stop.signal })

  say(`A commit changes a line of ${FILE}:\n- ${LINE}\n+ ${SLOW_LINE}`)
  await slowDown()
  const pushed = Date.now() / 1000
  const at = await runPipeline()
  const times = Object.keys(events).map((event) => at[event as keyof Moments])
  const [production, verdict, restored] = times
  if (!production || !verdict || !restored)
    throw new Error('expected the watch to roll the update back: see the first job above that failed')
  const speed = await speedFrom(webui, Math.ceil(restored) + SETTLE_S)
  await step(TAG, 'deploy/pipeline/verify', PRODUCTION)

  const seconds = Math.ceil(Date.now() / 1000 - pushed) + BEFORE_S
  const { from, speeds } = (await (await fetch(`${webui}/history?seconds=${seconds}`)).json()) as {
    from: number
    speeds: (number | null)[]
  }
  const marks = Object.keys(events).map((text, index) => ({ text, at: times[index]! }))
  await writeFile(
    join(repository, GRAPH),
    drawGraph(from, speeds, [{ text: 'committed', at: pushed }, ...marks], pushed),
  )
  say(`From the commit to production: ${(production - pushed).toFixed(0)} s
From production to the verdict: ${(verdict - production).toFixed(0)} s
From the verdict to the old worker: ${(restored - verdict).toFixed(0)} s
The speed is ${speed.toFixed(1)} hashes per second again. The graph is in ${GRAPH}.
Remove it: deploy/pipeline/clean-up ${PRODUCTION}; deploy/pipeline/clean-up ${STAGING}`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  stop.abort()
  await rm(folder, { recursive: true, force: true })
}

/** The demo must not change an application that somebody uses. */
async function expectNoApplication(): Promise<void> {
  const found = await run('kubectl', 'get', 'namespace', STAGING, PRODUCTION, '--ignore-not-found', '--output', 'name')
  if (!found) return
  const commands = found.split('\n').map((name) => `deploy/pipeline/clean-up ${name.replace('namespace/', '')}`)
  throw new Error(`expected no namespaces ${STAGING} and ${PRODUCTION}: remove DockerCoins with ${commands.join('; ')}`)
}

async function slowDown(): Promise<void> {
  const file = join(clone, FILE)
  const source = await readFile(file, 'utf8')
  if (!source.includes(LINE)) throw new Error(`expected the line "${LINE}" in ${FILE}, got none`)
  await writeFile(file, source.replace(LINE, SLOW_LINE))
  await git('commit', '--quiet', '--all', '--message', 'Pause longer')
}

/** A step of the pipeline, with what it prints. */
async function step(TAG: string, program: string, ...args: string[]): Promise<void> {
  const child = spawn(program, args, { cwd: clone, env: { ...process.env, TAG }, stdio: 'inherit' })
  const [exitCode] = await once(child, 'exit')
  if (exitCode !== 0) throw new Error(`expected ${program} to succeed, got exit code ${exitCode}`)
}

/** Runs .gitlab-ci.yml as GitLab would, and resolves to when things happened. */
async function runPipeline(): Promise<Moments> {
  const variables = { REGISTRY: process.env.REGISTRY ?? 'dockercoins', PUSH: process.env.PUSH ?? '' }
  const set = Object.entries(variables).flatMap(([name, value]) => ['--variable', `${name}=${value}`])
  const options = ['--force-shell-executor', '--shell-isolation', '--no-color', '--manual', 'production', ...set]
  const child = spawn('gitlab-ci-local', options, { cwd: clone, stdio: ['ignore', 'pipe', 'inherit'] })
  const at: Moments = {}
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.log(line)
    for (const [event, text] of Object.entries(events))
      if (text.test(line)) at[event as keyof Moments] ??= Date.now() / 1000
  })
  await once(child, 'close')
  return at
}

function git(...args: string[]): Promise<string> {
  return run('git', '-C', clone, '-c', 'user.name=demo', '-c', 'user.email=demo@example.org', ...args)
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args)
  return stdout.trim()
}

function say(text: string): void {
  console.log(`\n${text}`)
}
