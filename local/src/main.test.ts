import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { until, within } from '@dockercoins/testing'
import { freePorts } from '@dockercoins/testing/free-ports'
import { createTranscript } from '@dockercoins/testing/transcript'

import { repository } from './spawn-service.ts'

const main = fileURLToPath(import.meta.resolve('./main.ts'))
/** The services that need no ledger. */
const few = ['--scale', 'webui=0', '--scale', 'worker=0', '--redis', 'redis://localhost']

function start(t: TestContext, args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    // As run.cjs does.
    env: { ...process.env, NODE_COMPILE_CACHE: join(repository, 'node_modules/.cache/compile'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const out = createTranscript()
  child.stdout.pipe(out)
  const errors = createTranscript()
  child.stderr.pipe(errors)
  const ended = once(child, 'close')
  return { child, out, errors, closed: () => within('the runner to exit', ended, () => out.text()) }
}

const NO_PROC = 'this system does not list the children of a process in /proc'
const children = (pid: number | string | undefined) =>
  `/proc/${pid}/task/${pid === 'self' ? process.pid : pid}/children`

/** How many of rng and hasher answer. */
async function answering(base: number): Promise<number> {
  const probes = [1, 2].map(async (offset) => (await fetch(`http://127.0.0.1:${base + offset}/healthz`)).ok)
  return (await Promise.allSettled(probes)).filter(({ status }) => status === 'fulfilled').length
}

test('it says where to look when all is ready, and stops with 0 on SIGTERM', async (t) => {
  const base = await freePorts(3)
  const { child, out, errors, closed } = start(t, ['--port', `${base}`, ...few])
  await out.waitFor(/local {5}\| Ready in \d\.\d s\n/)
  await out.waitFor(new RegExp(`rng +http://localhost:${base + 1}\n[^]*hasher +http://localhost:${base + 2}\n`))
  assert.equal(await answering(base), 2)
  const response = await fetch(`http://127.0.0.1:${base + 1}/`)
  assert.equal(await response.text(), 'RNG running on rng-1\n')
  child.kill('SIGTERM')
  assert.deepEqual(await closed(), [0, null])
  assert.match(out.text(), /Stopped rng, hasher in \d\.\d s\n$/)
  assert.equal(await answering(base), 0)
  assert.equal(errors.text(), '')
  assert.ok(!out.text().includes('\u001B'), 'no colours where there is no terminal')
})

test(
  '^C while processes are being started leaves none behind',
  { skip: existsSync(children('self')) ? false : NO_PROC },
  async (t) => {
    const base = await freePorts(23)
    const { child, out, closed } = start(t, ['--port', `${base}`, ...few, '--scale', 'rng=20'])
    const pids = await until('the first process', () => readFileSync(children(child.pid), 'utf8'), Boolean)
    child.kill('SIGINT')
    assert.deepEqual(await closed(), [0, null])
    assert.match(out.text(), /Stopped rng ×20, hasher in/)
    for (const pid of pids.trim().split(' ')) assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' })
    assert.equal(await answering(base), 0)
  },
)

test('a quiet run prints nothing while nothing is wrong', async (t) => {
  const base = await freePorts(3)
  const { child, out, errors, closed } = start(t, ['--port', `${base}`, '--quiet', ...few])
  await until(
    'both services to answer',
    () => answering(base),
    (count) => count === 2,
  )
  child.kill('SIGTERM')
  assert.deepEqual(await closed(), [0, null])
  assert.equal(out.text() + errors.text(), '')
})

test('one ^C that arrives twice is one', async (t) => {
  const { child, out, closed } = start(t, ['--port', `${await freePorts(3)}`, ...few])
  await out.waitFor(/Ready/)
  child.kill('SIGINT')
  await out.waitFor(/Stopping/)
  child.kill('SIGINT')
  assert.deepEqual(await closed(), [0, null])
})

test('nothing outlives a runner that is killed, and the next one starts in its place', async (t) => {
  const base = await freePorts(3)
  const { child, out, closed } = start(t, ['--port', `${base}`, ...few])
  await out.waitFor(/Ready/)
  child.kill('SIGKILL')
  await closed()
  await until(
    'no service to answer',
    () => answering(base),
    (count) => count === 0,
  )
  const next = start(t, ['--port', `${base}`, ...few])
  await next.out.waitFor(/Ready/)
  next.child.kill('SIGTERM')
  assert.deepEqual(await next.closed(), [0, null])
  assert.doesNotMatch(next.out.text(), /npm run scale cannot/)
})

test('a second copy is refused on the same ports and runs beside the first on others', async (t) => {
  const base = await freePorts(6)
  const first = start(t, ['--port', `${base}`, ...few])
  await first.out.waitFor(/Ready/)
  const refused = start(t, ['--port', `${base}`, ...few])
  assert.deepEqual(await refused.closed(), [1, null])
  assert.match(refused.errors.text(), new RegExp(`^port ${base + 1} is taken, and rng-1 wants it: .*\n$`))
  assert.equal(refused.out.text(), '')
  const second = start(t, ['--port', `${base + 3}`, ...few])
  await second.out.waitFor(/Ready/)
  second.child.kill('SIGTERM')
  assert.deepEqual(await second.closed(), [0, null])
  assert.equal(await answering(base), 2)
  first.child.kill('SIGTERM')
  assert.deepEqual(await first.closed(), [0, null])
})

test('when nobody reads any more, all stops without a word', async (t) => {
  const base = await freePorts(3)
  const { child, errors, closed } = start(t, ['--port', `${base}`, ...few])
  child.stdout.destroy()
  assert.deepEqual(await closed(), [0, null])
  assert.equal(errors.text(), '')
  assert.equal(await answering(base), 0)
})

test('a variable that is not valid is named, and stops it all with 1', async (t) => {
  const { out, closed } = start(t, ['--port', `${await freePorts(3)}`, ...few], { CONCURRENCY: 'many' })
  assert.deepEqual(await closed(), [1, null])
  assert.match(out.text(), /CONCURRENCY is "many": expected .*\n[^]*rejected its configuration/)
})

test('--help prints the usage, and a wrong option one line and exit code 2', async (t) => {
  const help = start(t, ['--help'])
  assert.deepEqual(await help.closed(), [0, null])
  assert.match(help.out.text(), /^Runs all of DockerCoins[^]*--scale SERVICE=N/)
  const wrong = start(t, ['--scale', 'rng=many'])
  assert.deepEqual(await wrong.closed(), [2, null])
  assert.match(wrong.errors.text(), /^--scale: expected SERVICE=N.*\n$/)
})
