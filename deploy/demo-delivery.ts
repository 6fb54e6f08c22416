import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { hasBrowser, launchBrowser } from '@dockercoins/testing/browser'
import { speedFrom, totals } from '@dockercoins/testing/figures'

// npm run demo:delivery: somebody makes the worker slower, every test passes, and the pipeline takes
// the update back. docs/delivery.md tells the story.

const repository = fileURLToPath(new URL('..', import.meta.url))
const PICTURE = join(repository, 'docs/delivery.png')
const PRODUCTION = 'coins-production'
const NAMESPACES = ['coins-staging', PRODUCTION]
/** The pause of a unit of work becomes 230 ms where 100 ms are set: a unit takes 430 ms, not 300 ms. */
const FILE = 'services/worker/src/mine.ts'
const LINE = 'if (pause) await pause(stop)'
const SLOW_LINE = 'if (pause) await Promise.all([pause(stop), sleep(230)])'
/** As long as the watch looks back. */
const BEFORE_MS = 60_000

/** What the steps print, and the moments that the demo reports. */
const moments = {
  production: /coins-production runs \S+ after/,
  verdict: /The speed (fell|held)/,
  restored: /coins-production has what it had before\. Find/,
}
type Moment = keyof typeof moments

const folder = await mkdtemp(join(tmpdir(), 'dockercoins-delivery-'))
const clone = join(folder, 'dockercoins')
const browser = hasBrowser() ? await launchBrowser() : undefined
const proxy = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] })
try {
  await expectNoApplication()
  const [line] = (await once(createInterface({ input: proxy.stdout }), 'line')) as [string]
  const api = `http://${line.split(' ').at(-1)}/api/v1/namespaces`
  const webui = `${api}/${PRODUCTION}/services/webui:http/proxy`

  say('Production gets what is in the repository.')
  await run('git', ['clone', '--quiet', repository, clone])
  const good = await revision()
  await step(good, 'deploy/pipeline/build')
  await step(good, 'deploy/pipeline/deploy', PRODUCTION, '--values', 'deploy/environments/production.yaml')
  say(`Watch it at ${webui}/`)
  // A page that is open all the time has all marks: a web UI that was updated knows only its own.
  const page = await browser?.newPage({ viewport: { width: 1280, height: 720 } })
  await page?.goto(`${webui}/`)
  await sleep(BEFORE_MS)
  const before = await speedFrom(webui, Math.floor((await totals(webui)).now))

  say(`Somebody changes a line of ${FILE}:\n- ${LINE}\n+ ${SLOW_LINE}`)
  const source = await readFile(join(clone, FILE), 'utf8')
  if (!source.includes(LINE))
    throw new Error(`expected the line "${LINE}" in ${FILE}, got none: mend ${import.meta.filename}`)
  await writeFile(join(clone, FILE), source.replace(LINE, SLOW_LINE))
  await run('git', [
    '-c',
    'user.name=demo',
    '-c',
    'user.email=demo@example.org',
    'commit',
    '--quiet',
    '--all',
    '--message',
    'Pause longer',
  ])
  const pushed = Date.now()
  const { failed, at } = await runPipeline()
  const since = (moment: Moment, earlier: number) => `${((at[moment]! - earlier) / 1000).toFixed(0)} s`
  if (!at.production || !at.verdict || !at.restored)
    throw new Error(`expected the watch to take the update back, but ${failed ?? 'nothing'} failed`)

  const after = await speedFrom(webui, Math.ceil(at.restored / 1000))
  say(`From the push to production: ${since('production', pushed)}
From production to the verdict: ${since('verdict', at.production)}
From the verdict to the old worker in production: ${since('restored', at.verdict)}
Hashes per second before it and after it: ${before.toFixed(1)} and ${after.toFixed(1)}`)
  await step(good, 'deploy/pipeline/verify', PRODUCTION)
  await page?.screenshot({ path: PICTURE, animations: 'disabled' })
  say(`Remove it: deploy/pipeline/clean-up ${PRODUCTION}, and deploy/pipeline/clean-up coins-staging`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  await browser?.close()
  proxy.kill()
  await rm(folder, { recursive: true })
}

/** The demo must not change an application that somebody uses. */
async function expectNoApplication(): Promise<void> {
  const found = await run('kubectl', ['get', 'namespaces', ...NAMESPACES, '--ignore-not-found', '--output', 'name'])
  if (found) throw new Error(`expected no ${found.replaceAll('\n', ', ')}: remove it with deploy/pipeline/clean-up`)
}

/** A step of the pipeline, with what it prints. */
async function step(TAG: string, ...[program = '', ...args]: string[]): Promise<void> {
  const child = spawn(program, args, { cwd: clone, env: { ...process.env, TAG }, stdio: 'inherit' })
  const [exitCode] = await once(child, 'exit')
  if (exitCode !== 0) throw new Error(`expected ${program} to succeed, got exit code ${exitCode}`)
}

/** Runs .gitlab-ci.yml as GitLab would. Resolves to the job that failed, and when things happened. */
async function runPipeline(): Promise<{ failed: string | undefined; at: Partial<Record<Moment, number>> }> {
  const variables = Object.entries({ REGISTRY: 'dockercoins', PUSH: '', ...process.env })
    .filter(([name]) => ['REGISTRY', 'PUSH', 'KUBECONFIG'].includes(name))
    .flatMap(([name, value]) => ['--variable', `${name}=${value}`])
  const options = ['--force-shell-executor', '--shell-isolation', '--no-color', '--manual', 'production', ...variables]
  const child = spawn('gitlab-ci-local', options, { cwd: clone, stdio: ['ignore', 'pipe', 'inherit'] })
  const at: Partial<Record<Moment, number>> = {}
  let failed: string | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.log(line)
    for (const [moment, text] of Object.entries(moments)) if (text.test(line)) at[moment as Moment] ??= Date.now()
    failed ??= /^(\S+) .*\bFAIL\b/.exec(line)?.[1]
  })
  await once(child, 'close')
  return { failed, at }
}

function revision(): Promise<string> {
  return run('git', ['rev-parse', '--short=8', 'HEAD'])
}

async function run(program: string, args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: program === 'git' && args[0] !== 'clone' ? clone : repository,
  })
  return stdout.trim()
}

function say(text: string): void {
  console.log(`\n${text}`)
}
