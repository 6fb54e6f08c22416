import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import { after, before, suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import { until } from '@dockercoins/testing'
import { startCuttingProxy } from '@dockercoins/testing/cutting-proxy'
import { listenLocally } from '@dockercoins/testing/listen'
import { hasRedisServer, NO_REDIS, startRedisServer, type RedisServer } from '@dockercoins/testing/redis-server'
import { sampleEntry, sampleCoin, sampleReport } from '@dockercoins/testing/sample-entry'
import { createClient } from '@redis/client'

import { openLedger, type Entry, type Ledger } from '../index.ts'
import { slotsOf } from './speeds.ts'

const run = promisify(execFile)
let server: RedisServer

suite('a Redis that fails', { skip: hasRedisServer() ? false : NO_REDIS }, () => {
  before(async () => {
    server = await startRedisServer()
  })
  after(() => server.remove())

  test('calls reject while it is down, and work again when it has recovered', async (t) => {
    const ledger = await open(t)
    const entry = sampleEntry()
    await ledger.record(entry)
    await server.stop()
    const line = /^Error: Redis at 127\.0\.0\.1:\d+ cannot be reached: [^\n]+$/
    await assert.rejects(ledger.record({ ...entry, sequence: 2 }), line)
    await assert.rejects(ledger.ping(), line)
    await server.start()
    await untilAnswered(ledger)
    assert.equal(await ledger.record(entry), 'duplicate')
    assert.equal(await ledger.record({ ...entry, sequence: 2 }), 'recorded')
    assert.deepEqual(await ledger.sums(), { hashes: 20, entries: 20, coins: 0 })
  })

  test('a ledger that is emptied while workers record is sound after they connect again', async (t) => {
    const ledger = await open(t)
    const entry = sampleEntry({ coins: [sampleCoin()] })
    await ledger.record(entry)
    const client = createClient({ url: server.url })
    await client.connect()
    t.after(() => client.destroy())
    await client.flushAll()
    await ledger.record({ ...entry, sequence: 2, coins: [sampleCoin(), sampleCoin()] })
    await ledger.close()
    const again = await open(t, server.url, false)
    await again.record({ ...entry, sequence: 3, coins: [] })
    assert.deepEqual(await again.sums(), { hashes: 20, entries: 20, coins: 2 })
  })

  test('a ledger opens although it is down, and counts once it is there', async (t) => {
    await server.stop()
    const ledger = await open(t, server.url, false)
    await assert.rejects(ledger.totals(), /cannot be reached: connect ECONNREFUSED/)
    await server.start()
    await untilAnswered(ledger)
    assert.equal(await ledger.record(sampleEntry()), 'recorded')
  })

  test('entries sent again after it was killed, many times and under load, are counted once', async (t) => {
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
    const { hashes: counted, entries } = (await ledgers[0]?.sums()) ?? {}
    assert.deepEqual([counted, entries], [hashes, hashes])
  })

  test('entries whose reply was lost after they were applied are counted once', async (t) => {
    const enough = new AbortController()
    const proxy = await startCuttingProxy(server.port, () => {
      if (proxy.cuts() >= 10) enough.abort()
      return Math.random() < 0.5
    })
    t.after(() => proxy.close())
    const url = `redis://127.0.0.1:${proxy.port}`
    const ledger = await open(t, url)
    const sent = await recordUntil(enough.signal, ledger)
    const direct = await open(t)
    const { hashes, entries } = await direct.sums()
    assert.deepEqual([hashes, entries], [sent, sent])
  })

  test('the script is sent again to a server that has forgotten it', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const entry = sampleEntry()
    await ledger.record(entry)
    await client.scriptFlush()
    assert.equal(await ledger.record({ ...entry, sequence: 2 }), 'recorded')
  })

  test('a key that is of the wrong type leaves nothing half applied, and the error names it', async (t) => {
    const client = await connect(t)
    const entry = sampleEntry({ coins: [sampleCoin()] })
    const slot = `measured:${slotsOf(entry).at(-1)?.slot}`
    const wrong: [string, string, RegExp][] = [
      ['hashes', 'many', /refused: ERR expected key 'hashes' to be a whole number/],
      ['recorded', '1.5', /refused: ERR expected key 'recorded' to be a whole number/],
      ['unkept', 'many', /refused: ERR expected key 'unkept' to be a whole number/],
      ['wallet', 'x', /refused: WRONGTYPE [^\n]*\(key 'wallet'\)/],
      ['batches', 'x', /refused: WRONGTYPE [^\n]*\(key 'batches'\)/],
      ['entries', 'x', /refused: WRONGTYPE/],
    ]
    for (const [key, value, message] of wrong) {
      await client.flushDb()
      await client.set(key, value)
      const ledger = await open(t, server.url, false)
      await assert.rejects(ledger.record({ ...entry, report: sampleReport(entry.worker) }), message)
      assert.deepEqual(notCounted(await client.keys('*')), notCounted([key]))
      assert.equal(await client.get(key), value)
    }
    await client.flushDb()
    await client.hSet(slot, 'field', 'x')
    const ledger = await open(t, server.url, false)
    await assert.rejects(ledger.record(entry), /refused: WRONGTYPE [^\n]*\(key 'measured:\d+'\)/)
    assert.equal(await client.get('hashes'), null)
  })

  test('whichever command the server refuses, an entry is counted with its coins or not at all', async (t) => {
    const client = await connect(t)
    const entry = sampleEntry({ coins: [sampleCoin(), sampleCoin()] })
    const report = sampleReport(entry.worker)
    const refused = [
      'mset',
      'hset',
      'sadd',
      'set',
      'zadd',
      'zremrangebyscore',
      'expire',
      'get',
      'hlen',
      'del',
      'info',
      'time',
    ]
    for (const command of refused) {
      await client.flushDb()
      await client.aclSetUser('limited', ['reset', 'on', '>secret', '~*', '&*', '+@all', `-${command}`])
      const limited = await open(t, server.url.replace('//', '//limited:secret@'), false)
      const outcome = await limited.record({ ...entry, report }).catch(() => 'refused')
      const ledger = await open(t, server.url, false)
      const counted = outcome === 'recorded' ? 10 : 0
      assert.deepEqual(
        await ledger.totals().then(({ hashes, recorded }) => [hashes, recorded]),
        [counted, counted],
        command,
      )
      assert.equal(await ledger.record({ ...entry, report }), counted === 0 ? 'recorded' : 'duplicate', command)
      assert.deepEqual(await ledger.totals(), { hashes: 10, coins: 2, recorded: 10 }, command)
      assert.notEqual(await limited.record({ ...entry, report }).catch(() => 'refused'), 'recorded', command)
      assert.deepEqual(await ledger.sums(), { hashes: 10, entries: 10, coins: 2 }, command)
      await limited.close()
    }
    await client.aclDelUser('limited')
  })

  test('a server that is out of memory refuses an entry as a whole, and counts it once there is room', async (t) => {
    const client = await connect(t)
    const ledger = await open(t)
    const entry = sampleEntry({ coins: [sampleCoin()] })
    await ledger.record(entry)
    await client.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' })
    const next = { ...entry, sequence: 2, coins: [sampleCoin()] }
    await assert.rejects(ledger.record(next), /refused: OOM/)
    assert.deepEqual(await ledger.totals(), { hashes: 10, coins: 1, recorded: 10 })
    await client.configSet('maxmemory', '0')
    assert.equal(await ledger.record(next), 'recorded')
    assert.deepEqual(await ledger.sums(), { hashes: 20, entries: 20, coins: 2 })
  })

  test('a server that may evict keys is named in one warning, and one that keeps them in none', async (t) => {
    const client = await connect(t)
    t.after(() => reset.configSet({ maxmemory: '0', 'maxmemory-policy': 'noeviction' }).then(() => reset.destroy()))
    const reset = await createClient({ url: server.url }).connect()
    const warningsOf = async () => {
      const warnings: string[] = []
      const warn = (line: string) => void warnings.push(line)
      const ledger = await openLedger({ ledgerUrl: server.url, keyPrefix: '', warn })
      // INFO was asked first on this connection, so it is answered first.
      await ledger.ping()
      await ledger.close()
      return warnings
    }
    await client.configSet({ maxmemory: '100mb', 'maxmemory-policy': 'noeviction' })
    assert.deepEqual(await warningsOf(), [])
    await client.configSet({ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' })
    assert.deepEqual(await warningsOf(), [
      "Redis may evict the ledger's keys when its memory is full: expected maxmemory-policy noeviction, found allkeys-lru",
    ])
    await client.configSet('maxmemory', '0')
    assert.deepEqual(await warningsOf(), [])
  })

  test('numbers up to 2^53 are counted exactly, and no further', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const most = 2 ** 53 - 10
    await client.set('hashes', `${most}`)
    assert.equal(await ledger.record(sampleEntry({ hashes: 9 })), 'recorded')
    assert.equal(await client.get('hashes'), '9007199254740991')
    await assert.rejects(ledger.record(sampleEntry({ hashes: 2 })), /ERR key 'hashes' would pass 2\^53/)
    assert.equal((await ledger.totals()).recorded, 9)
  })

  test('a broken entry of a worker is said, and nothing is counted', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const entry = sampleEntry()
    await client.set(`entry:${entry.worker}`, 'nonsense')
    await assert.rejects(ledger.record(entry), /expected key 'entry:[^']*' to be '<sequence> <hashes> <coins>'/)
    assert.deepEqual(await ledger.totals(), { hashes: 0, coins: 0, recorded: 0 })
  })

  test('what a classic worker counts shows in the totals, and not in the entries', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    await client.incrBy('hashes', 5)
    await client.hSet('wallet', '0abc', Buffer.from([0, 255, 128]))
    await ledger.record(sampleEntry())
    assert.deepEqual(await ledger.totals(), { hashes: 15, coins: 1, recorded: 10 })
    assert.deepEqual(await ledger.sums(), { hashes: 15, entries: 10, coins: 1 })
    await client.set('hashes', 'many')
    await assert.rejects(ledger.totals(), /expected key 'hashes' to be a whole number, found 'many'/)
  })

  test('reports go away by themselves, and no key that the commit touches ever expires', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const entry = sampleEntry({ coins: [sampleCoin()] })
    await ledger.record({ ...entry, report: sampleReport(entry.worker, { expiresAfterMs: 50 }) })
    for (const key of await client.keys('*')) {
      if (!key.startsWith('report:')) assert.equal(await client.ttl(key), -1, key)
    }
    await sleep(80) // no event tells that a report has expired
    await ledger.record(sampleEntry())
    assert.deepEqual(await client.keys('report:*'), [])
    assert.equal(await client.exists('workers'), 0)
  })

  test('the measured speed takes a bounded number of keys, whatever the clocks of the workers', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const worker = sampleEntry().worker
    for (let i = 1; i <= 30; i++) {
      const to = Date.now() + (i - 15) * 6 * 3_600_000
      await ledger.record(sampleEntry({ worker, sequence: i, from: to - 3_700_000, to }))
    }
    assert.ok((await client.keys('measured:*')).length <= 2880)
    assert.deepEqual(await ledger.sums(), { hashes: 300, entries: 300, coins: 0 })
  })

  test('of more than 100 workers every call lists all that run, and reads their reports in turn', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const entries = Array.from({ length: 150 }, () => sampleEntry())
    // One after the other: on a busy machine the last of many at once would get no reply in time.
    const record = async (sequence: number) => {
      for (const entry of entries)
        await ledger.record({ ...entry, sequence, report: sampleReport(entry.worker, { loops: sequence }) })
    }
    const loops = async () => Object.groupBy(await ledger.reports(), (report) => report.loops)
    await record(1)
    assert.equal((await loops())[1]?.length, 150)
    await record(2)
    for (const again of [100, 150]) assert.equal((await loops())[2]?.length, again)

    const idle = entries[100]!
    await ledger.record({ ...idle, sequence: 3, report: sampleReport(idle.worker, { hashes: 0 }) })
    const read = async () => (await ledger.reports()).find(({ worker }) => worker === idle.worker)
    while ((await read())?.hashes !== 0);
    await ledger.record({ ...idle, sequence: 4, report: sampleReport(idle.worker, { hashes: 5 }) })
    assert.equal((await read())?.hashes, 5, 'a report without a unit is read again by the next call')

    const [ended, killed] = entries
    await ledger.record({ ...ended!, sequence: 3 })
    await client.del(`report:${killed!.worker}`)
    await ledger.record(sampleEntry({ worker: 'new', report: sampleReport('new') }))
    await ledger.reports()
    const workers = new Set(Array.from(await ledger.reports(), ({ worker }) => worker))
    assert.equal(workers.size, 149)
    assert.ok(workers.has('new') && !workers.has(ended!.worker) && !workers.has(killed!.worker))
  })

  test('of more than 100 workers that are killed together, no report is left once all have expired', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const entries = Array.from({ length: 150 }, () => sampleEntry())
    for (const entry of entries) await ledger.record({ ...entry, report: sampleReport(entry.worker) })
    assert.equal((await ledger.reports()).length, 150)
    await client.del(entries.map(({ worker }) => `report:${worker}`))
    await client.zAdd(
      'workers',
      entries.map(({ worker }) => ({ score: Date.now() - 1, value: worker })),
    )
    assert.deepEqual(await ledger.reports(), [])
  })

  test('a report that nobody understands does not hide the others', async (t) => {
    const ledger = await open(t)
    const client = await connect(t)
    const entry = sampleEntry()
    const report = sampleReport(entry.worker)
    await ledger.record({ ...entry, report })
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
  test('a server that accepts and never answers makes calls reject, and close ends those that wait', async (t) => {
    const sockets = new Set<Socket>()
    const blackHole = createServer((socket) => sockets.add(socket.on('error', () => {})))
    const port = await listenLocally(blackHole)
    t.after(() => {
      for (const socket of sockets) socket.destroy()
      blackHole.close()
    })
    const ledger = await openLedger({ ledgerUrl: `redis://127.0.0.1:${port}`, keyPrefix: '' })
    await assert.rejects(ledger.ping(), /^Error: Redis at 127\.0\.0\.1:\d+ cannot be reached: [^\n]+$/)
    const pending = assert.rejects(ledger.ping(), /^Error: the ledger is closed$/)
    await ledger.close()
    await pending
  })

  test(
    'a call without a connection makes an attempt to connect, which calls at the same moment share',
    { timeout: 60_000 },
    async (t) => {
      let attempts = 0
      const refusing = createServer((socket) => {
        attempts++
        socket.destroy()
      })
      const port = await listenLocally(refusing)
      t.after(() => refusing.close())
      const ledger = await open(t, `redis://127.0.0.1:${port}`, false)
      for (let calls = 1; calls <= 10; calls++) {
        await assert.rejects(ledger.ping(), /cannot be reached/)
        assert.equal(attempts, calls)
      }
      attempts = 0
      await Promise.allSettled(Array.from({ length: 100 }, () => ledger.ping()))
      assert.equal(attempts, 1)
    },
  )

  test('a connection that falls silent is given up, and the next one works', async (t) => {
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
    const entry = sampleEntry()
    await ledger.record(entry)
    silent = true
    await assert.rejects(ledger.record({ ...entry, sequence: 2 }), /cannot be reached/)
    silent = false
    await untilAnswered(ledger)
    await ledger.record({ ...entry, sequence: 2 })
    assert.deepEqual(await ledger.sums(), { hashes: 20, entries: 20, coins: 0 })
  })

  test('a process that closes its ledger ends, although Redis was never there', async () => {
    const script = `import { openLedger } from ${JSON.stringify(import.meta.resolve('../index.ts'))}
    const ledger = await openLedger({ ledgerUrl: 'redis://127.0.0.1:1', keyPrefix: '' })
    await ledger.ping().catch((error) => console.log(error.message))
    await ledger.close()`
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 })
    assert.match(stdout, /^Redis at 127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1\n$/)
    assert.equal(stderr, '')
  })
})

/** Without what a ledger notes before its first entry. */
function notCounted(keys: string[]): string[] {
  return keys.filter((key) => key !== 'coins-before' && key !== 'entries' && key !== 'wallet')
}

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

function untilAnswered(ledger: Ledger): Promise<void> {
  return until('Redis to answer', () => ledger.ping())
}

/**
 * Records entry after entry as a worker does, each until it is acknowledged; gives the hashes
 * recorded.
 */
async function recordUntil(stop: AbortSignal, ledger: Ledger): Promise<number> {
  const { worker } = sampleEntry()
  let sum = 0
  for (let sequence = 1; !stop.aborted; sequence++) {
    const entry = sampleEntry({ worker, sequence, hashes: sequence % 7, coins: [sampleCoin()] })
    await recordStubbornly(ledger, entry)
    sum += entry.hashes
  }
  return sum
}

async function recordStubbornly(ledger: Ledger, entry: Entry): Promise<void> {
  await until('the entry to be recorded', () => ledger.record(entry))
}
