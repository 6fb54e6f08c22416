import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { test, type TestContext } from 'node:test'

import { openLedger } from '@dockercoins/ledger'
import { until } from '@dockercoins/testing'
import { complaints, fields, unitsDone } from '@dockercoins/testing/figures'
import { temporaryFolder } from '@dockercoins/testing/ledger-file'
import { listenLocally } from '@dockercoins/testing/listen'
import { startService } from '@dockercoins/testing/service-process'

async function startRng(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${await listenLocally(server)}`
}

async function newLedgerUrl(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t)
  return `file:${folder}/ledger.db`
}

async function hashesIn(ledgerUrl: string): Promise<number> {
  const ledger = await openLedger({ ledgerUrl, keyPrefix: '', maxCoins: 0 })
  const { hashes } = await ledger.totals().finally(() => ledger.close())
  return hashes
}

/**
 * The code that counts the responses of a replica with this name fails, as a bug would.
 */
const FAILS = 'fails'
const failing = `const { set } = Map.prototype
Map.prototype.set = function (key, value) {
  if (key === '${FAILS}') throw new TypeError('no such thing')
  return set.call(this, key, value)
}`

test('a loop that fails by a mistake in the program ends the worker in order, with every hash recorded', async (t) => {
  const hasher = await startService(t, 'hasher', { DELAY_MS: '0' })
  let units = 0
  const rng = await startRng(t, (_request, response) => {
    response.setHeader('x-served-by', ++units > 100 ? FAILS : 'rng')
    response.end(Buffer.alloc(32, units))
  })
  const ledgerUrl = await newLedgerUrl(t)
  const worker = await startService(t, 'worker', {
    LEDGER_URL: ledgerUrl,
    RNG_URL: rng,
    HASHER_URL: hasher.url,
    DELAY_MS: '0',
    LOOPS: '4',
    // All but the first unit wait to be recorded.
    INTERVAL_MS: '3600000',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(failing)}`,
  })
  assert.equal(await worker.exited, 1)
  assert.deepEqual(
    complaints(worker.lines).map((line) => fields(line)['msg']),
    ['the worker failed, a mistake in this program: no such thing; stopping'],
  )
  const hashes = await hashesIn(ledgerUrl)
  assert.equal(hashes, unitsDone(worker.lines))
  assert.ok(hashes >= 90, `${hashes} hashes`)
})

test('a worker with more loops than files it may open names its own limit, and calls nobody lost', async (t) => {
  const many = { DELAY_MS: '200', CONCURRENCY: '1000' }
  const [rng, hasher] = await Promise.all([startService(t, 'rng', many), startService(t, 'hasher', many)])
  const ledgerUrl = await newLedgerUrl(t)
  const worker = await startService(
    t,
    'worker',
    { LEDGER_URL: ledgerUrl, RNG_URL: rng.url, HASHER_URL: hasher.url, DELAY_MS: '0', LOOPS: '200' },
    60,
  )
  await worker.line(/this worker cannot open a connection to rng: .* raise `ulimit -n` or lower LOOPS/)
  const said = worker.lines.length
  await until(
    '100 hashes from then on',
    () => unitsDone(worker.lines.slice(said)),
    (hashes) => hashes >= 100,
  )
  worker.kill('SIGTERM')
  assert.equal(await worker.exited, 0)
  assert.deepEqual(
    complaints(worker.lines).filter((line) => fields(line)['ownLimit'] !== true),
    [],
  )
  assert.equal(await hashesIn(ledgerUrl), unitsDone(worker.lines))
})
