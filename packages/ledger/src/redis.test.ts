import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, stat, truncate } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import { createClient } from '@redis/client'

import { startCuttingProxy } from './cutting-proxy.ts'
import { openLedger, type Batch, type Ledger } from './index.ts'
import { listenLocally } from './listen.ts'
import { hasRedisServer, NO_REDIS, startRedisServer, type RedisServer } from './redis-server.ts'
import { sampleBatch, sampleCoin, sampleReport } from './sample-batch.ts'

const run = promisify(execFile)
let server: RedisServer

suite('a Redis that fails', { skip: hasRedisServer() ? false : NO_REDIS }, () => {
  before(async () => {
    server = await startRedisServer()
  })
  after(() => server.remove())

  test('calls reject while it is down, and work again when it is back', async (t) => {
    const ledger = await open(t)
    const batch = sampleBatch()
    await ledger.record(batch)
    await server.stop()
    const line = /^Error: Redis at 127\.0\.0\.1:\d+ cannot be reached: [^\n]+$/
    await assert.rejects(ledger.record({ ...batch, sequence: 2 }), line)
    await assert.rejects(ledger.ping(), line)
    await server.start()
    await untilAnswered(ledger)
    assert.equal(await ledger.record(batch), 'already')
    assert.equal(await ledger.record({ ...batch, sequence: 2 }), 'recorded')
    assert.deepEqual(await ledger.sums(), { hashes: 20, batches: 20 })
  })

  test('a ledger opens although it is down, and counts once it is there', async (t) => {
    await server.stop()
    const ledger = await open(t, server.url, false)
    await assert.rejects(ledger.totals(), /cannot be reached: connect ECONNREFUSED/)
    await server.start()
    await untilAnswered(ledger)
    assert.equal(await ledger.record(sampleBatch()), 'recorded')
  })

  test('batches sent again after it was killed, many times and under load, are counted once', async (t) => {
    const ledgers = await Promise.all([open(t), open(t), open(t), open(t)])
    const done = new AbortController()
    const work = ledgers.map((ledger) => recordUntil(done.signal, ledger))
    for (let kills = 0; kills < 6; kills++) {
      await sleep(30 + Math.random() * 60) // the moment of death is to be any
      await server.stop('SIGKILL')
      await server.start()
    }
    done.abort()
    const hashes = (await Promise.all(work)).reduce((sum, counted) => sum + counted, 0)
    assert.deepEqual(await ledgers[0]?.sums(), { hashes, batches: hashes })
  })

  test('batches whose reply was lost after they were applied are counted once', async (t) => {
    const proxy = await startCuttingProxy(server.port, () => Math.random() < 0.5)
    t.after(() => proxy.close())
    const url = `redis://127.0.0.1:${proxy.port}`
    const ledger = await open(t, url)
    const sent = await recordUntil(AbortSignal.timeout(1500), ledger)
    assert.ok(proxy.cuts() > 3, `only ${proxy.cuts()} replies were lost`)
    const direct = await open(t)
    assert.deepEqual(await direct.sums(), { hashes: sent, batches: sent })
  })

  test('a batch that was cut in the append-only file and sent again is counted once, after any start', async (t) => {
    for (const cutBytes of [1, 10, 40, 120, 200]) {
      const ledger = await open(t)
      const client = await connect(t)
      const first = sampleBatch()
      const { dir = '' } = await client.configGet('dir')
      if (!existsSync(dir)) return t.skip('the append-only file is in a container')
      await client.flushDb()
      await ledger.record(first)
      const second = { ...first, sequence: 2 }
      await ledger.record(second)
      await server.stop('SIGKILL')
      await cutAppendOnlyFile(dir, cutBytes)
      await server.start()
      await untilAnswered(ledger)
      assert.equal(await ledger.record(second), 'recorded')
      await ledger.record(sampleBatch())
      await server.stop('SIGKILL')
      await server.start()
      await untilAnswered(ledger)
      assert.deepEqual(await ledger.sums(), { hashes: 30, batches: 30 })
      const speeds = await ledger.speeds(Math.floor(first.from / 1000), 10)
      assert.equal(Math.round(speeds.reduce((sum, speed) => sum + speed, 0)), 30)
    }
  })

  test('coins that were cut with a batch, and found the wallet full when it came again, are counted once', async (t) => {
    for (const cutBytes of [1, 10, 30, 60, 120, 250]) {
      const ledger = await open(t, server.url, true, { maxCoins: 2 })
      const client = await connect(t)
      const { dir = '' } = await client.configGet('dir')
      if (!existsSync(dir)) return t.skip('the append-only file is in a container')
      await client.flushDb()
      const batch = sampleBatch({ coins: [sampleCoin(), sampleCoin(), sampleCoin()] })
      await ledger.record(batch)
      await server.stop('SIGKILL')
      await cutAppendOnlyFile(dir, cutBytes)
      await server.start()
      await untilAnswered(ledger)
      await ledger.record(sampleBatch({ coins: [sampleCoin(), sampleCoin()] }))
      assert.equal(await ledger.record(batch), 'recorded')
      await server.stop('SIGKILL')
      await server.start()
      await untilAnswered(ledger)
      assert.deepEqual(await ledger.coinCounts(), { kept: 2, unkept: 3 })
      assert.deepEqual(await ledger.sums(), { hashes: 20, batches: 20 })
    }
  })

  test('the script is sent again to a server that has forgotten it', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const batch = sampleBatch()
    await ledger.record(batch)
    await client.scriptFlush()
    assert.equal(await ledger.record({ ...batch, sequence: 2 }), 'recorded')
  })

  test('a key that is of the wrong type leaves nothing half applied, and the error names it', async (t) => {
    const client = await connect(t)
    const batch = sampleBatch({ coins: [sampleCoin()] })
    const minute = `speed:${Math.floor(batch.to / 60_000)}`
    const wrong: [string, string, RegExp][] = [
      ['hashes', 'many', /refused: ERR value is not an integer/],
      ['wallet', 'x', /refused: WRONGTYPE expected key 'wallet' to be a hash, found a string/],
      ['batches', 'x', /refused: WRONGTYPE expected key 'batches'/],
      ['unkept', 'many', /refused: ERR expected a whole number in key 'unkept'/],
      ['workers', 'x', /refused: WRONGTYPE expected key 'workers' to be a zset/],
      [minute, 'x', /refused: WRONGTYPE expected key 'speed:\d+' to be a hash/],
    ]
    for (const [key, value, message] of wrong) {
      await client.flushDb()
      await client.set(key, value)
      const ledger = await open(t, server.url, false)
      await assert.rejects(ledger.record({ ...batch, report: sampleReport(batch.worker) }), message)
      assert.deepEqual(await client.keys('*'), [key])
      assert.equal(await client.get(key), value)
    }
  })

  test('a broken entry of a worker is said, and nothing is counted', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const batch = sampleBatch()
    await client.hSet('batches', batch.worker, 'nonsense')
    await assert.rejects(ledger.record(batch), /expected '<sequence> <hashes>' for worker .* in key 'batches'/)
    assert.deepEqual(await ledger.totals(), { hashes: 0, coins: 0 })
  })

  test('what a classic worker counts shows in the totals, and not in the batches', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    await client.incrBy('hashes', 5)
    await client.hSet('wallet', '0abc', Buffer.from([0, 255, 128]))
    await ledger.record(sampleBatch())
    assert.deepEqual(await ledger.totals(), { hashes: 15, coins: 1 })
    assert.deepEqual(await ledger.sums(), { hashes: 15, batches: 10 })
    await client.set('hashes', 'many')
    await assert.rejects(ledger.totals(), /expected key 'hashes' to be an integer, found "many"/)
  })

  test('every bucket, report and list of workers goes away by itself', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const batch = sampleBatch()
    await ledger.record({ ...batch, report: sampleReport(batch.worker, { expiresAfterMs: 50 }) })
    const ttl = await client.ttl(`speed:${Math.floor(batch.to / 60_000)}`)
    assert.ok(ttl > 3600 && ttl <= 3900, `${ttl} s`)
    await sleep(80) // no event tells that a report has expired
    await ledger.record(sampleBatch())
    assert.deepEqual(await client.keys('report:*'), [])
    assert.equal(await client.exists('workers'), 0)
  })

  test('a report that nobody understands does not hide the others', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const batch = sampleBatch()
    const report = sampleReport(batch.worker)
    await ledger.record({ ...batch, report })
    await client.zAdd('workers', { score: Date.now() + 60_000, value: 'strange' })
    await client.set('report:strange', '{"hostname":')
    assert.deepEqual(await ledger.reports(), [report])
  })

  test('a wrong password is said without the password', async (t) => {
    const client = await connect(t)
    await client.configSet('requirepass', 'open%sesame')
    const wrong = await open(t, server.url.replace('//', '//:geheim%40@'), false)
    await assert.rejects(wrong.ping(), ({ message }: Error) => /WRONGPASS/.test(message) && !/geheim/.test(message))
    const right = await open(t, server.url.replace('//', '//:open%25sesame@'), false)
    await right.ping()
    await client.configSet('requirepass', '')
  })
})

// Together, for each waits for seconds.
suite('a Redis that is silent or not there', { concurrency: true }, () => {
  test('a server that accepts and never answers makes calls reject within the bound, and close is quick', async (t) => {
    const sockets = new Set<Socket>()
    const blackHole = createServer((socket) => sockets.add(socket.on('error', () => {})))
    const port = await listenLocally(blackHole)
    t.after(() => {
      for (const socket of sockets) socket.destroy()
      blackHole.close()
    })
    const ledger = await openLedger({ ledgerUrl: `redis://127.0.0.1:${port}`, keyPrefix: '' })
    const began = performance.now()
    await assert.rejects(ledger.ping(), /^Error: Redis at 127\.0\.0\.1:\d+ cannot be reached: [^\n]+$/)
    assert.ok(performance.now() - began < 5500)
    const pending = assert.rejects(ledger.ping(), /^Error: the ledger is closed$/)
    const closing = performance.now()
    await ledger.close()
    await pending
    assert.ok(performance.now() - closing < 100)
  })

  test('a connection that falls silent is given up within seconds, and the next one works', async (t) => {
    if (!hasRedisServer()) return t.skip(NO_REDIS)
    const own = await startRedisServer()
    t.after(() => own.remove())
    let silent = false
    const proxy = await startCuttingProxy(
      own.port,
      () => false,
      () => silent,
    )
    t.after(() => proxy.close())
    const ledger = await openLedger({ ledgerUrl: `redis://127.0.0.1:${proxy.port}`, keyPrefix: '' })
    t.after(() => ledger.close())
    const batch = sampleBatch()
    await ledger.record(batch)
    silent = true
    const began = performance.now()
    await assert.rejects(ledger.record({ ...batch, sequence: 2 }), /cannot be reached/)
    assert.ok(performance.now() - began < 5500)
    silent = false
    await untilAnswered(ledger)
    await ledger.record({ ...batch, sequence: 2 })
    assert.deepEqual(await ledger.sums(), { hashes: 20, batches: 20 })
  })

  test('a process that closes its ledger ends at once, although Redis was never there', async () => {
    const script = `import { openLedger } from ${JSON.stringify(import.meta.resolve('./index.ts'))}
    const ledger = await openLedger({ ledgerUrl: 'redis://127.0.0.1:1', keyPrefix: '' })
    await ledger.ping().catch((error) => console.log(error.message))
    const began = Date.now()
    await ledger.close()
    process.on('exit', () => console.log(Date.now() - began < 100 ? 'at once' : 'late'))`
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script])
    assert.match(stdout, /^Redis at 127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1\nat once\n$/)
    assert.equal(stderr, '')
  })
})

/** An empty ledger, unless `wipe` is false. */
async function open(
  t: TestContext,
  ledgerUrl = server.url,
  wipe = true,
  bound: { maxCoins?: number } = {},
): Promise<Ledger> {
  if (wipe) await wipeOnce(t)
  const ledger = await openLedger({ ledgerUrl, keyPrefix: '', ...bound })
  t.after(() => ledger.close())
  return ledger
}

const wiped = new WeakSet<TestContext>()

async function wipeOnce(t: TestContext): Promise<void> {
  if (wiped.has(t)) return
  wiped.add(t)
  const client = await connect(t)
  await client.flushDb()
}

async function connect(t: TestContext) {
  const client = createClient({ url: server.url })
  client.on('error', () => {}) // the test that stops the server knows
  t.after(() => client.destroy())
  return client.connect()
}

async function cutAppendOnlyFile(dir: string, bytes: number): Promise<void> {
  const folder = join(dir, 'appendonlydir')
  const name = (await readdir(folder)).find((file) => file.endsWith('.incr.aof'))
  assert.ok(name, `no append-only file in ${folder}`)
  const { size } = await stat(join(folder, name))
  await truncate(join(folder, name), size - bytes)
}

async function untilAnswered(ledger: Ledger): Promise<void> {
  for (;;) {
    const answered = await ledger.ping().then(
      () => true,
      () => false,
    )
    if (answered) return
    await sleep(20)
  }
}

/** Records batch after batch as a worker does, each until it is acknowledged; gives the hashes recorded. */
async function recordUntil(stop: AbortSignal, ledger: Ledger): Promise<number> {
  const { worker } = sampleBatch()
  let sum = 0
  for (let sequence = 1; !stop.aborted; sequence++) {
    const batch = sampleBatch({ worker, sequence, hashes: sequence % 7, coins: [sampleCoin()] })
    await recordStubbornly(ledger, batch)
    sum += batch.hashes
  }
  return sum
}

async function recordStubbornly(ledger: Ledger, batch: Batch): Promise<void> {
  for (;;) {
    const recorded = await ledger.record(batch).then(
      () => true,
      () => false,
    )
    if (recorded) return
    await sleep(5)
  }
}
