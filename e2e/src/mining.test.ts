import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { until } from '@dockercoins/testing'
import { audit, hashed, metric, totals, unitsDone } from '@dockercoins/testing/figures'
import { freePorts } from '@dockercoins/testing/free-ports'
import { temporaryFolder } from '@dockercoins/testing/ledger-file'
import { startService } from '@dockercoins/testing/service-process'

const fast = { DELAY_MS: '5', INTERVAL_MS: '50' }

async function ledgerFile(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t)
  return `file:${join(folder, 'ledger.db')}`
}

/** rng, hasher and webui; the test adds its workers. */
async function startUpstreams(t: TestContext, env: NodeJS.ProcessEnv = fast) {
  const LEDGER_URL = await ledgerFile(t)
  const [rng, hasher, webui] = await Promise.all([
    startService(t, 'rng', env),
    startService(t, 'hasher', env),
    startService(t, 'webui', { LEDGER_URL }),
  ])
  return { rng, hasher, webui, workerEnv: { ...env, LEDGER_URL, RNG_URL: rng.url, HASHER_URL: hasher.url } }
}

test('a worker that is asked to stop leaves nothing uncounted, ten times over', async (t) => {
  const { hasher, webui, workerEnv } = await startUpstreams(t)
  let units = 0
  for (let round = 0; round < 10; round++) {
    const worker = await startService(t, 'worker', { ...workerEnv, LOOPS: '3' })
    await worker.line(/units of work done/)
    worker.kill('SIGTERM')
    assert.equal(await worker.exited, 0)
    units += unitsDone(worker.lines)
    const { hashes } = await totals(webui.url)
    assert.equal(hashes, units)
    assert.ok((await hashed(hasher.url)) >= hashes)
  }
})

test('a worker that is killed costs at most what it did in its last interval, twenty times over', async (t) => {
  const { hasher, webui, workerEnv } = await startUpstreams(t)
  for (let round = 0; round < 20; round++) {
    const before = (await hashed(hasher.url)) - (await totals(webui.url)).hashes
    const worker = await startService(t, 'worker', workerEnv)
    await worker.line(/units of work done/)
    await worker.line(/Coin found/)
    worker.kill('SIGKILL')
    await worker.exited
    const lost = (await hashed(hasher.url)) - (await totals(webui.url)).hashes - before
    assert.ok(lost >= 0, `${-lost} more hashes were counted than were made`)
    // 50 ms of units that take at least 15 ms each; twice, for the batch that may have been on its
    // way; and one in hand.
    assert.ok(lost <= 2 * Math.ceil(50 / 15) + 1, `${lost} hashes are missing`)
  }
  assert.match(await audit(workerEnv.LEDGER_URL), /sound/)
})

test('a worker that waits for a lost neighbour stops when it is asked to', async (t) => {
  const { workerEnv } = await startUpstreams(t)
  const worker = await startService(t, 'worker', { ...workerEnv, RNG_URL: 'http://127.0.0.1:9' })
  await worker.line(/waiting for rng/)
  worker.kill('SIGTERM')
  assert.equal(await worker.exited, 0)
})

test('workers that start before everything else wait, say so once for each neighbour, and then mine', async (t) => {
  const { webui, workerEnv } = await startUpstreams(t)
  const late = { ...fast, PORT: `${await freePorts()}` }
  const worker = await startService(t, 'worker', { ...workerEnv, RNG_URL: `http://127.0.0.1:${late.PORT}` })
  await worker.line(/waiting for rng/)
  assert.equal((await fetch(`${worker.url}/readyz`)).status, 503)
  await startService(t, 'rng', late)
  await worker.line(/rng .* responded after/)
  await until(
    'a first hash in /json',
    () => totals(webui.url),
    ({ hashes }) => hashes > 0,
  )
  assert.equal((await fetch(`${worker.url}/readyz`)).status, 200)
  assert.equal(worker.lines.filter((line) => line.includes('waiting for rng')).length, 1)
})

test('two replicas of rng get the same number of requests', async (t) => {
  const { rng, webui, workerEnv } = await startUpstreams(t)
  const second = await startService(t, 'rng', { ...fast, HOSTNAME: 'rng-2' })
  await startService(t, 'worker', { ...workerEnv, RNG_URL: `${rng.url},${second.url}` })
  await until(
    'enough hashes in /json',
    () => totals(webui.url),
    ({ hashes }) => hashes >= 60,
  )
  const [first, other] = [rng, second].map(({ lines }) => lines.filter((line) => line.includes('GET /32 200')).length)
  assert.ok(Math.abs(first! - other!) <= 2, `${first} against ${other}`)
})

test('a worker’s metrics count what its lines say, and the parts of a unit’s time', async (t) => {
  const { rng, hasher, workerEnv } = await startUpstreams(t, { DELAY_MS: '30', INTERVAL_MS: '50' })
  const worker = await startService(t, 'worker', workerEnv)
  await worker.line(/units of work done/)
  // Without bytes it makes no more, and its lines catch up with its metrics.
  rng.kill('SIGKILL')
  await worker.line(/rng .* is lost/)
  const hashes = await metric(worker.url, /^dockercoins_hashes_total /)
  assert.ok(hashes > 0)
  await until(
    'lines that tell of all hashes',
    () => unitsDone(worker.lines),
    (units) => units >= hashes,
  )
  assert.equal(unitsDone(worker.lines), hashes)
  assert.equal(await hashed(hasher.url), hashes)
  for (const part of ['phase="pause"', 'upstream="rng",phase="service"', 'upstream="hasher",phase="service"']) {
    const seconds = await metric(worker.url, new RegExp(`^dockercoins_unit_seconds_total\\{${part}\\}`))
    // Each takes 30 ms, of which it may leave out 5 to make up for the one before, and a timer 1.
    assert.ok(seconds >= hashes * 0.024, `${part}: ${seconds} s for ${hashes} hashes`)
  }
  assert.equal(await (await fetch(worker.url)).text(), `WORKER running on ${hostname()}\n`)
})
