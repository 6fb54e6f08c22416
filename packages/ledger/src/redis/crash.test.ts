import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { startCrashingRedis, type CrashingRedis } from '@dockercoins/testing/redis-crash'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'
import { sampleEntry, sampleCoin, sampleReport } from '@dockercoins/testing/sample-entry'
import * as fc from 'fast-check'

import { audit } from '../audit/audit.ts'
import type { Entry, Ledger } from '../ledger.ts'

/**
 * How many histories, and how many positions of a cut, are tried: `LEDGER_CRASHES=300`, or `all`
 * positions.
 */
const RUNS = process.env.LEDGER_CRASHES ?? '6'
const HISTORIES = RUNS === 'all' ? 300 : Number(RUNS)
const IN_CONTAINER = 'the append-only file is in a container'
const fixtures = join(import.meta.dirname, '..', 'fixtures')

suite('a Redis that was killed while it wrote', { skip: hasRedisServer() ? false : NO_REDIS }, () => {
  test('an entry that was torn at any byte is counted once, after any number of starts', async (t) => {
    const redis = await startCrashingRedis(t)
    if (!redis) return t.skip(IN_CONTAINER)
    await (await redis.open()).record(sampleEntry())
    const before = await redis.read()
    const torn = sampleEntry({ hashes: 20, coins: [sampleCoin(), sampleCoin()] })
    await (await redis.open()).record(torn)
    const entry = (await redis.read()).subarray(before.length)
    assert.ok(entry.includes('MULTI'), 'the first entry of a connection seals the file')
    for (const cut of positions(entry.length)) {
      const isDead = cut % 2 === 0
      await redis.restart('SIGKILL', Buffer.concat([before, entry.subarray(0, cut)]))
      await (await redis.open()).record(sampleEntry({ hashes: 300 }))
      await redis.restart(cut % 3 === 0 ? 'SIGKILL' : 'SIGTERM')
      const outcome: string | undefined = isDead ? undefined : await (await redis.open()).record(torn)
      await redis.restart('SIGTERM')
      const ledger = await redis.open()
      const { hashes, entries } = await ledger.sums()
      const isCounted: boolean = outcome !== undefined || hashes === 330
      const where: string = `cut at byte ${cut} of ${entry.length}, then ${outcome ?? 'never sent again'}`
      assert.equal(hashes, isCounted ? 330 : 310, where)
      assert.equal(entries, hashes, where)
      assert.equal((await ledger.totals()).recorded, hashes, where)
      if (isCounted) assert.equal((await ledger.totals()).coins, 2, where)
    }
  })

  test('a ledger of version 0.1 that was torn at any byte goes on, and stays sound', async (t) => {
    const redis = await startCrashingRedis(t)
    if (!redis) return t.skip(IN_CONTAINER)
    const file = await readFile(join(fixtures, 'redis-0.1.aof'))
    const last = file.lastIndexOf('*1\r\n$5\r\nMULTI')
    for (const cut of positions(file.length - last)) {
      await redis.restart('SIGKILL', file.subarray(0, last + cut))
      const isWhole = cut === file.length - last
      const entry = sampleEntry({ hashes: 300, coins: [sampleCoin()] })
      await (await redis.open(3)).record(entry)
      await redis.restart(cut % 3 === 0 ? 'SIGKILL' : 'SIGTERM')
      // The worker of version 0.1 still runs and sends its entry again.
      const retried = await recordWithVersion01(redis, '11111111-1111-4111-8111-111111111111', 2, 5)
      assert.equal(retried, isWhole ? 0 : 1, `cut at byte ${cut}`)
      await redis.restart('SIGTERM')
      const ledger = await redis.open(3)
      const where = `cut at byte ${cut} of ${file.length - last}`
      assert.equal(await ledger.record(entry), 'duplicate', where)
      const { hashes, entries } = await ledger.sums()
      assert.deepEqual([hashes, entries], [322, 322], where)
      assert.equal((await ledger.totals()).recorded, 322, where)
      assert.equal((await audit(ledger)).sound, true, where)
    }
  })

  test('a Redis written by version 0.1 keeps its counts, and workers of both versions are counted', async (t) => {
    const redis = await startCrashingRedis(t)
    if (!redis) return t.skip(IN_CONTAINER)
    await redis.restart('SIGTERM', await readFile(join(fixtures, 'redis-0.1.aof')))
    const ledger = await redis.open()
    assert.deepEqual(await ledger.totals(), { hashes: 22, coins: 4, recorded: 22 })
    const now = Math.floor(Date.now() / 1000)
    assert.deepEqual(await ledger.speeds(now - 2, 2), [null, null])
    const entry = sampleEntry({ coins: [sampleCoin()] })
    assert.equal(await ledger.record(entry), 'recorded')
    assert.equal(await recordWithVersion01(redis, '33333333-3333-4333-8333-333333333333', 1, 100), 1)
    assert.equal(await ledger.record({ ...entry, sequence: 2, coins: [] }), 'recorded')
    assert.deepEqual(await ledger.totals(), { hashes: 142, coins: 5, recorded: 142 })
    assert.deepEqual(await ledger.sums(), { hashes: 142, entries: 142, coins: 5 })
    assert.equal((await audit(ledger)).sound, true)
  })

  test('whatever happened, each acknowledged entry is counted once, and nothing that was not done', async (t) => {
    const redis = await startCrashingRedis(t)
    if (!redis) return t.skip(IN_CONTAINER)
    const empty = await redis.read()
    const property = fc.asyncProperty(
      fc.array(event, { minLength: 3, maxLength: 25 }),
      fc.nat({ max: 8 }),
      (events, bound) => relive(redis, empty, events, bound),
    )
    await fc.assert(property, { numRuns: HISTORIES })
  })
})

const signal = fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const)
/** What can happen. `at`: where the last entry is cut, as a fraction of its bytes. */
const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('record'), worker: fc.nat({ max: 3 }), coins: fc.nat({ max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('tear'),
      worker: fc.nat({ max: 3 }),
      coins: fc.nat({ max: 3 }),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('restart'), signal, starts: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('loseReply'), worker: fc.nat({ max: 3 }), coins: fc.nat({ max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('die'), worker: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('mineElsewhere'), hashes: fc.integer({ min: 1, max: 50 }) }) },
)
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

interface Worker {
  ledger: Ledger
  id: string
  sequence: number
  /** The entry that was not acknowledged. */
  pending?: Entry
}

/**
 * Lives a history through and proves its end. Every entry has another power of two as its hashes,
 * so sums name entries.
 */
async function relive(redis: CrashingRedis, empty: Buffer, events: Event[], bound: number): Promise<void> {
  await redis.restart('SIGKILL', empty)
  const done: Entry[] = []
  const acknowledged: Entry[] = []
  let elsewhere = 0
  const hire = async (): Promise<Worker> => ({ ledger: await redis.open(bound), id: sampleEntry().worker, sequence: 0 })
  const workers = await Promise.all([hire(), hire(), hire(), hire()])

  function work(worker: Worker, coins: number): Entry {
    if (worker.pending) return worker.pending
    const hashes = 2 ** done.length
    const entry = sampleEntry({ worker: worker.id, sequence: ++worker.sequence, hashes })
    entry.coins = Array.from({ length: coins }, sampleCoin)
    entry.report = sampleReport(worker.id)
    done.push(entry)
    return (worker.pending = entry)
  }
  async function acknowledge(worker: Worker, coins: number): Promise<void> {
    const entry = work(worker, coins)
    await worker.ledger.record(entry)
    acknowledged.push(entry)
    delete worker.pending
  }
  async function restart(how: 'SIGTERM' | 'SIGKILL', file?: Buffer): Promise<void> {
    await redis.restart(how, file)
    for (const worker of workers) worker.ledger = await redis.open(bound)
  }

  for (const given of events) {
    const worker = 'worker' in given ? workers[given.worker] : undefined
    if (worker && given.type === 'record' && 'coins' in given) await acknowledge(worker, given.coins)
    if (worker && given.type === 'loseReply' && 'coins' in given) await worker.ledger.record(work(worker, given.coins))
    if (worker && 'at' in given) {
      const before = await redis.read()
      await worker.ledger.record(work(worker, given.coins))
      const after = await redis.read()
      const cut = before.length + Math.round((after.length - before.length) * given.at)
      await restart('SIGKILL', after.subarray(0, cut))
    }
    if (given.type === 'die' && 'worker' in given) {
      workers[given.worker] = await hire()
    }
    if ('signal' in given) for (let i = 0; i < given.starts; i++) await restart(given.signal)
    if ('hashes' in given) {
      await redis.ask((client) => client.incrBy('hashes', given.hashes))
      elsewhere += given.hashes
    }
  }
  for (const worker of workers) if (worker.pending) await acknowledge(worker, 0)
  await restart('SIGTERM')
  await prove(workers[0].ledger, { done, acknowledged, elsewhere, bound })
}

interface Known {
  done: Entry[]
  acknowledged: Entry[]
  elsewhere: number
  bound: number
}

async function prove(ledger: Ledger, { done, acknowledged, elsewhere, bound }: Known): Promise<void> {
  const { hashes, entries, coins: brought } = await ledger.sums()
  const totals = await ledger.totals()
  assert.equal(hashes - entries, elsewhere)
  assert.equal(totals.hashes, hashes)
  assert.equal(totals.recorded, entries)
  const isCounted = ({ hashes: bit }: Entry) => Math.floor(entries / bit) % 2 === 1
  const counted = done.filter(isCounted)
  assert.equal(
    sumOf(counted, ({ hashes: bit }) => bit),
    entries,
    'nothing is counted that was not done',
  )
  assert.deepEqual(
    acknowledged.filter((entry) => !counted.includes(entry)),
    [],
  )
  const coins = sumOf(counted, (entry) => entry.coins.length)
  assert.equal(brought, coins)
  const { kept, unkept } = await ledger.coinCounts()
  assert.equal(totals.coins, kept + unkept)
  // A worker that died may have brought coins into the wallet before its entry: they were found,
  // and are no fault.
  assert.ok(kept + unkept >= coins && kept + unkept <= sumOf(done, (entry) => entry.coins.length))
  assert.ok(kept <= bound)
  const speeds = await ledger.speeds(Math.floor(Date.now() / 1000) - 3600, 3602)
  assert.equal(Math.round(sumOf(speeds, (speed) => speed ?? 0)), entries)
  for await (const { digest } of ledger.coins()) {
    assert.ok(done.some((entry) => entry.coins.some((coin) => coin.digest === digest)))
  }
}

function sumOf<T>(items: T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0)
}

/**
 * Some of the positions from 0 to `length`, always the first and the last; all where all are asked
 * for.
 */
function positions(length: number): number[] {
  if (RUNS === 'all') return Array.from({ length: length + 1 }, (_, i) => i)
  const inner = Array.from({ length: Math.max(HISTORIES - 2, 1) }, () => Math.floor(Math.random() * length))
  return [0, ...inner, length]
}

/** Records as a worker of version 0.1 does. */
async function recordWithVersion01(
  redis: CrashingRedis,
  worker: string,
  sequence: number,
  hashes: number,
): Promise<unknown> {
  const script = await readFile(join(fixtures, 'record-0.1.lua'), 'utf8')
  const second = Math.floor(Date.now() / 1000)
  const keys = [
    'hashes',
    'wallet',
    'batches',
    'workers',
    `report:${worker}`,
    'unkept',
    `speed:${Math.floor(second / 60)}`,
  ]
  const shares = ['7', `${second}`, `${hashes * 1_000_000}`]
  const values = [worker, `${sequence}`, `${hashes}`, '60000', '{}', '1', '3', ...shares]
  return redis.ask((client) => client.eval(script, { keys, arguments: values }))
}
