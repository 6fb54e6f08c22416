import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import { Writable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { openLedger } from '@dockercoins/ledger'
import { startLocal, type LocalOptions } from '@dockercoins/local'
import { until } from '@dockercoins/testing'
import { runFault } from '@dockercoins/testing/fault-command'
import { audit, complaints, hashed, totals, unitsDone } from '@dockercoins/testing/figures'
import { freePorts } from '@dockercoins/testing/free-ports'
import { temporaryFolder } from '@dockercoins/testing/ledger-file'

/** The whole application as `npm start` runs it. */
async function startApplication(t: TestContext, options: LocalOptions, env: NodeJS.ProcessEnv = {}) {
  const data = await temporaryFolder(t)
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).split('\n'))
      done()
    },
  })
  const port = await freePorts(20)
  const local = await startLocal(
    { port, data, ...options },
    { stream, env: { PATH: process.env.PATH, LOG_FORMAT: 'json', ...env } },
  )
  t.after(() => local.stop())
  await local.ready
  const [webui = '', hasher = ''] = [local.urls.webui[0], local.urls.hasher[0]]
  return { local, lines, webui, hasher }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('ten workers that are stopped leave no process behind and nothing uncounted', async (t) => {
  const { local, lines, webui, hasher } = await startApplication(t, { scale: { worker: 10 } })
  await until(
    'enough hashes in /json',
    () => totals(webui),
    ({ hashes }) => hashes >= 20,
  )
  const { hashes } = await totals(webui)
  assert.ok((await hashed(hasher)) >= hashes)
  const pids = Object.values(local.pids())
  assert.equal(pids.length, 13)

  assert.equal(await local.stop(), 0)
  assert.deepEqual(pids.filter(isAlive), [])
  assert.deepEqual(complaints(lines), [])
  const ledger = await openLedger({ ledgerUrl: local.ledgerUrl, keyPrefix: '' })
  assert.equal((await ledger.totals()).hashes, unitsDone(lines))
  await ledger.close()
  assert.match(await audit(local.ledgerUrl), /sound/)
})

test('two copies run side by side, and neither counts what the other does', async (t) => {
  const blue = await startApplication(t, {})
  const green = await startApplication(t, { scale: { worker: 0 } })
  await until(
    'a first hash in /json',
    () => totals(blue.webui),
    ({ hashes }) => hashes > 0,
  )
  assert.equal((await totals(green.webui)).hashes, 0)
})

test('what was counted is still there after a restart', async (t) => {
  const folder = await temporaryFolder(t)
  const first = await startApplication(t, { data: folder })
  await until(
    'a first hash in /json',
    () => totals(first.webui),
    ({ hashes }) => hashes > 0,
  )
  await first.local.stop()
  const second = await startApplication(t, { data: folder, scale: { worker: 0 } })
  assert.equal((await totals(second.webui)).hashes, unitsDone(first.lines))
})

test('a running application is scaled by npm run scale, is faster within 10 s, and counts everything', async (t) => {
  const { local, lines, webui } = await startApplication(t, {})
  const worker = local.pids()['worker-1']
  const { port } = new URL(webui)
  const began = performance.now()
  const { stdout } = await scale(['--port', port, 'worker=10', 'rng=3'])
  assert.equal(stdout, `Scaled rng from 1 to 3, worker from 1 to 10 on port ${port}\n`)
  assert.deepEqual([local.urls.rng.length, local.urls.worker.length], [3, 10])
  assert.notEqual(local.pids()['worker-1'], worker)
  await until(
    'more than 25 hashes per second in /history',
    async () => (await (await fetch(`${webui}/history?seconds=3`)).json()) as { speeds: (number | null)[] },
    ({ speeds }) => speeds.some((speed) => speed !== null && speed > 25),
  )
  const tookMs = performance.now() - began
  assert.ok(tookMs < 10_000 || busy(), `took ${tookMs} ms`)

  const down = await scale(['--port', port, 'worker=2', 'rng=1'])
  assert.equal(down.stdout, `Scaled rng from 3 to 1, worker from 10 to 2 on port ${port}\n`)
  assert.deepEqual(Object.keys(local.pids()).toSorted(), ['hasher-1', 'rng-1', 'webui-1', 'worker-1', 'worker-2'])
  assert.equal(await local.stop(), 0)
  assert.deepEqual(complaints(lines), [])
  const ledger = await openLedger({ ledgerUrl: local.ledgerUrl, keyPrefix: '' })
  assert.equal((await ledger.totals()).hashes, unitsDone(lines))
  await ledger.close()
  assert.match(await audit(local.ledgerUrl), /sound/)
  await assert.rejects(scale(['--port', port, 'worker=1']), { code: 1, stderr: /^nothing runs on port \d+: .*\n$/ })
})

test('npm run fault breaks every rng of a running application until the fault ends by itself', async (t) => {
  const { lines, webui } = await startApplication(t, { scale: { rng: 2, worker: 0 } }, { FAULTS: 'allow' })
  const { port } = new URL(webui)
  const { stdout } = await runFault(['rng', '--errors', '10%', '--for', '5s', '--port', port])
  assert.match(stdout, /^rng-1 has a fault for 5 s\nrng-2 has a fault for 5 s\n.*failed requests/)
  for (const logged of ['a fault on purpose: errors 10 %, for 5 s', 'the fault on purpose has ended']) {
    await until(
      `"${logged}" in the logs of both`,
      () => lines.filter((line) => line.startsWith('rng-') && line.includes(logged)),
      ({ length }) => length === 2,
    )
  }
})

test('npm run fault breaks one rng with --one, and --off ends it', async (t) => {
  const { local, webui } = await startApplication(t, { scale: { rng: 2 } }, { FAULTS: 'allow' })
  const { port } = new URL(webui)
  const seconds = () =>
    Promise.all(
      local.urls.rng.map(
        async (url) => ((await (await fetch(`${url}/faults`)).json()) as { seconds?: number }).seconds,
      ),
    )
  await runFault(['rng', '--slower', '10ms', '--for', '60m', '--one', '--port', port])
  const [first, second] = await seconds()
  assert.ok(first! > 3500)
  assert.equal(second, undefined)
  const { stdout } = await runFault(['rng', '--off', '--port', port])
  assert.equal(stdout, 'rng-1 has no fault any more\nrng-2 has no fault any more\n')
  assert.deepEqual(await seconds(), [undefined, undefined])
})

test('npm run fault names FAULTS=allow where faults are not allowed', async (t) => {
  const { webui } = await startApplication(t, { scale: { worker: 0 } })
  const { port } = new URL(webui)
  await assert.rejects(runFault(['rng', '--errors', '10%', '--for', '5s', '--port', port]), {
    code: 1,
    stdout: '',
    stderr: 'rng-1 does not allow faults: start it with FAULTS=allow npm start\n',
  })
})

/** `npm run scale`, without npm. */
function scale(args: string[]) {
  const command = fileURLToPath(new URL('../../local/src/scale.ts', import.meta.url))
  return promisify(execFile)(process.execPath, [command, ...args])
}

/** Whether others take so much of this machine that no time can be demanded of it. */
function busy(): boolean {
  return (loadavg()[0] ?? 0) > 2 * availableParallelism()
}
