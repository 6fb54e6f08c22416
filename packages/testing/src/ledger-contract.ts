import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Entry, Coin, Ledger } from '@dockercoins/ledger'
import type { LedgerConfig } from '@dockercoins/ledger'
import * as fc from 'fast-check'

import { sampleEntry, sampleCoin, sampleReport } from './sample-entry.ts'

/** Opens the ledger of one test: empty, under `keyPrefix`, and gone after the test. Called twice it opens the same. */
export type OpenLedger = (t: TestContext, options?: OpenOptions) => Promise<Ledger>

export type OpenOptions = Partial<Omit<LedgerConfig, 'ledgerUrl'>>

/** What every ledger does, whatever it is kept in. */
export function testContract(store: string, open: OpenLedger, skip?: string): void {
  suite(`the ledger in ${store}`, { skip: skip ?? false }, () => {
    testCounting(open)
    testFullWallet(open)
    testSpeeds(open)
    testReports(open)
    testRefusals(open)
  })
}

function testCounting(open: OpenLedger): void {
  test('nothing counted reads as zero', async (t) => {
    const ledger = await open(t)
    assert.deepEqual(await ledger.totals(), { hashes: 0, coins: 0, recorded: 0 })
    assert.deepEqual(await ledger.sums(), { hashes: 0, entries: 0, coins: 0 })
    assert.deepEqual(await ledger.reports(), [])
    assert.deepEqual(await ledger.speeds(1_700_000_000, 3), [null, null, null])
    assert.deepEqual(await coinsOf(ledger), [])
    await ledger.ping()
  })

  test('an entry sent twice is counted once', async (t) => {
    const ledger = await open(t)
    const entry = sampleEntry({ coins: [sampleCoin()] })
    assert.equal(await ledger.record(entry), 'recorded')
    const counted = await stateOf(ledger, entry)
    assert.equal(await ledger.record(entry), 'duplicate')
    assert.deepEqual(await stateOf(ledger, entry), counted)
    assert.deepEqual(counted.totals, { hashes: 10, coins: 1, recorded: 10 })
  })

  test('an older entry changes nothing, not even the report of the worker', async (t) => {
    const ledger = await open(t)
    const entry = sampleEntry({ sequence: 7 })
    const report = sampleReport(entry.worker)
    await ledger.record({ ...entry, report })
    assert.equal(await ledger.record({ ...entry, sequence: 6 }), 'duplicate')
    assert.deepEqual(await ledger.reports(), [report])
  })

  test('an entry sent many times at once is counted once', async (t) => {
    const ledgers = [await open(t), await open(t)]
    const entry = sampleEntry({ coins: [sampleCoin()] })
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => ledgers[i % 2]!.record(entry)))
    assert.equal(outcomes.filter((outcome) => outcome === 'recorded').length, 1)
    assert.deepEqual(await ledgers[0]!.totals(), { hashes: 10, coins: 1, recorded: 10 })
  })

  test('workers that record at the same time are all counted', async (t) => {
    const ledgers = [await open(t), await open(t), await open(t)]
    const workers = Array.from({ length: 12 }, () => randomUUID())
    const work = workers.map(async (worker, i) => {
      for (const sequence of [1, 2, 3]) {
        await ledgers[i % 3]!.record(sampleEntry({ worker, sequence, hashes: i, coins: [sampleCoin()] }))
      }
    })
    await Promise.all(work)
    assert.deepEqual(await ledgers[0]!.totals(), { hashes: 198, coins: 36, recorded: 198 })
    assert.deepEqual(await ledgers[0]!.sums(), { hashes: 198, entries: 198, coins: 36 })
  })

  test('a gap in the sequence is accepted, for the ledger may have been wiped', async (t) => {
    const ledger = await open(t)
    const entry = sampleEntry()
    await ledger.record({ ...entry, sequence: 40 })
    assert.equal(await ledger.record({ ...entry, sequence: 42 }), 'recorded')
    assert.equal(await ledger.record({ ...entry, sequence: 41 }), 'duplicate')
    assert.deepEqual(await ledger.sums(), { hashes: 20, entries: 20, coins: 0 })
  })

  test('coins keep their bytes, whatever these are, and one found twice is one coin', async (t) => {
    const ledger = await open(t)
    const coins = [Uint8Array.from({ length: 256 }, (_, i) => i), new Uint8Array(0), Uint8Array.of(0, 13, 10, 0)].map(
      (bytes, i) => ({ digest: `${i}`.padStart(64, '0'), bytes }),
    )
    const entry = sampleEntry({ coins })
    await ledger.record(entry)
    await ledger.record({ ...entry, sequence: 2 })
    assert.deepEqual(await coinsOf(ledger), coins)
    assert.equal((await ledger.totals()).coins, 3)
    assert.equal((await ledger.sums()).coins, 6) // what the entries brought
  })

  test('an entry brings 10,000 coins, and all of them come back', async (t) => {
    const ledger = await open(t)
    const coins = numberedCoins(10_000)
    await ledger.record(sampleEntry({ coins }))
    assert.equal((await ledger.totals()).coins, 10_000)
    assert.deepEqual(await coinsOf(ledger), coins)
  })

  test('ledgers under different prefixes do not see one another', async (t) => {
    const prefixes = ['', 'a', 'A', '~41', 'a"', "a'", 'sqlite_', '{blue}:', '%s*']
    const ledgers = await Promise.all(prefixes.map((keyPrefix) => open(t, { keyPrefix })))
    await Promise.all(ledgers.map((ledger, i) => ledger.record(sampleEntry({ hashes: i + 1, coins: [sampleCoin()] }))))
    const totals = await Promise.all(ledgers.map((ledger) => ledger.totals()))
    assert.deepEqual(
      totals,
      prefixes.map((_, i) => ({ hashes: i + 1, coins: 1, recorded: i + 1 })),
    )
  })
}

function testFullWallet(open: OpenLedger): void {
  test('a full wallet counts further coins exactly, and keeps none of them', async (t) => {
    const ledger = await open(t, { maxCoins: 3 })
    const coins = numberedCoins(5)
    const entry = sampleEntry({ coins: coins.slice(0, 2) })
    await ledger.record(entry)
    await ledger.record({ ...entry, sequence: 2, coins: coins.slice(2) })
    assert.deepEqual(await coinsOf(ledger), coins.slice(0, 3))
    assert.deepEqual(await ledger.coinCounts(), { kept: 3, unkept: 2 })
    await ledger.record({ ...entry, sequence: 3, coins: numberedCoins(7).slice(5) })
    assert.deepEqual(await coinsOf(ledger), coins.slice(0, 3))
    assert.equal((await ledger.totals()).coins, 7)
  })

  test('an entry sent twice to a full wallet is counted once', async (t) => {
    const ledger = await open(t, { maxCoins: 1 })
    const entry = sampleEntry({ coins: numberedCoins(3) })
    assert.equal(await ledger.record(entry), 'recorded')
    const counted = await stateOf(ledger, entry)
    assert.equal(await ledger.record(entry), 'duplicate')
    assert.deepEqual(await stateOf(ledger, entry), counted)
    assert.equal(counted.totals.coins, 3)
  })

  test('a coin that is kept, and found once more when the wallet is full, is one coin with its last bytes', async (t) => {
    const ledger = await open(t, { maxCoins: 2 })
    const coins = numberedCoins(4)
    const entry = sampleEntry({ coins: coins.slice(0, 2) })
    await ledger.record(entry)
    const again = { digest: coins[1]!.digest, bytes: Uint8Array.of(7) }
    await ledger.record({ ...entry, sequence: 2, coins: [coins[2]!, again, coins[3]!] })
    assert.deepEqual(await coinsOf(ledger), [coins[0], again])
    assert.deepEqual(await ledger.coinCounts(), { kept: 2, unkept: 2 })
  })

  test('a bound that is lowered later keeps what is there, and one that is raised keeps more', async (t) => {
    const coins = numberedCoins(6)
    const entry = sampleEntry({ coins: coins.slice(0, 3) })
    await (await open(t)).record(entry)
    const lowered = await open(t, { maxCoins: 1 })
    await lowered.record({ ...entry, sequence: 2, coins: coins.slice(3, 4) })
    assert.deepEqual(await coinsOf(lowered), coins.slice(0, 3))
    const raised = await open(t, { maxCoins: 4 })
    await raised.record({ ...entry, sequence: 3, coins: coins.slice(4) })
    assert.deepEqual(await coinsOf(raised), [...coins.slice(0, 3), coins[4]])
    assert.deepEqual(await raised.coinCounts(), { kept: 4, unkept: 2 })
  })

  test('a full wallet counts the 20,000 coins of one entry', async (t) => {
    const ledger = await open(t, { maxCoins: 5000 })
    await ledger.record(sampleEntry({ coins: numberedCoins(20_000) }))
    assert.deepEqual(await ledger.coinCounts(), { kept: 5000, unkept: 15_000 })
    assert.deepEqual(await coinsOf(ledger), numberedCoins(5000))
  })

  test('whatever the bound and the entries, every coin is counted once and the wallet stays within the bound', async (t) => {
    let runs = 0
    const batchSizes = fc.array(fc.nat({ max: 6 }), { maxLength: 8 })
    const property = fc.asyncProperty(fc.nat({ max: 20 }), batchSizes, async (maxCoins, sizes) => {
      const ledger = await open(t, { keyPrefix: `${++runs}:`, maxCoins })
      const sent = sizes.reduce((sum, size) => sum + size, 0)
      const coins = numberedCoins(sent)
      const worker = randomUUID()
      for (const [i, size] of sizes.entries()) {
        await ledger.record(sampleEntry({ worker, sequence: i + 1, coins: coins.splice(0, size) }))
      }
      assert.equal((await ledger.totals()).coins, sent)
      assert.equal((await coinsOf(ledger)).length, Math.min(sent, maxCoins))
      await ledger.close()
    })
    await fc.assert(property, { numRuns: 40 })
  })
}

function testSpeeds(open: OpenLedger): void {
  test('the speed is spread over the seconds that an entry covers', async (t) => {
    const ledger = await open(t)
    const second = Math.floor(Date.now() / 1000) - 10
    await ledger.record(sampleEntry({ hashes: 10, from: second * 1000 + 500, to: second * 1000 + 3000 }))
    assert.deepEqual(await ledger.speeds(second, 4), [2, 4, 4, 0])
  })

  test('a second without a hash is 0; a second before the first entry, or long ago, is not known', async (t) => {
    const ledger = await open(t)
    const second = Math.floor(Date.now() / 1000) - 100
    const entry = sampleEntry({ from: second * 1000, to: (second + 1) * 1000 })
    await ledger.record(entry)
    const later = (second + 4) * 1000
    await ledger.record({ ...entry, sequence: 2, hashes: 5, from: later, to: later + 1000 })
    assert.deepEqual(await ledger.speeds(second - 2, 8), [null, null, 10, 0, 0, 0, 5, 0])
    assert.deepEqual(await ledger.speeds(second - 86_400, 2), [null, null])
  })

  test('a worker whose clock is two hours ahead takes no speed from anybody', async (t) => {
    const ledger = await open(t)
    const second = Math.floor(Date.now() / 1000) - 20
    const times = { from: second * 1000, to: (second + 1) * 1000 }
    await ledger.record(sampleEntry(times))
    const ahead = 7_200_000
    await ledger.record(sampleEntry({ from: times.from + ahead, to: times.to + ahead }))
    assert.deepEqual(await ledger.speeds(second, 2), [10, 0])
    assert.deepEqual((await ledger.totals()).recorded, 20)
  })

  test('speeds that were recorded before the first entry of another worker are known', async (t) => {
    const ledger = await open(t)
    const second = Math.floor(Date.now() / 1000) - 30
    await ledger.record(sampleEntry())
    await ledger.record(sampleEntry({ from: second * 1000, to: (second + 1) * 1000 }))
    assert.deepEqual((await ledger.speeds(second, 1))[0], 10)
  })

  test('whatever is recorded, however often and in whichever order, the speeds add up to the counter', async (t) => {
    const ledger = await open(t)
    const now = Math.floor(Date.now() / 1000)
    const workers = [randomUUID(), randomUUID(), randomUUID()]
    const entries = fc.array(
      fc.record({
        worker: fc.constantFrom(...workers),
        sequence: fc.integer({ min: 1, max: 30 }),
        hashes: fc.nat({ max: 1_000_000 }),
        agoMs: fc.integer({ min: 0, max: 1_000_000 }),
        tookMs: fc.integer({ min: -5000, max: 2_000_000 }),
        coins: fc.constantFrom<Coin[]>([], [sampleCoin()], [sampleCoin(), sampleCoin()]),
      }),
      { maxLength: 12 },
    )
    const property = fc.asyncProperty(entries, async (sent) => {
      for (const { agoMs, tookMs, ...entry } of sent) {
        const to = now * 1000 - agoMs
        await ledger.record({ ...entry, from: to - tookMs, to })
      }
      const speeds = await ledger.speeds(now - 3601, 3602)
      const millionths = speeds.reduce<number>((sum, speed) => sum + Math.round((speed ?? 0) * 1e6), 0)
      const { hashes, entries: sum } = await ledger.sums()
      assert.equal(millionths, hashes * 1e6)
      assert.equal(hashes, sum)
    })
    await fc.assert(property, { numRuns: 40 })
  })
}

function testReports(open: OpenLedger): void {
  test("a worker's newest report is kept, and its last entry removes it", async (t) => {
    const ledger = await open(t)
    const entry = sampleEntry()
    const { worker } = entry
    await ledger.record({ ...entry, report: sampleReport(worker) })
    const newest = sampleReport(worker, { hostname: 'höst "1"', loops: 5 })
    await ledger.record({ ...entry, sequence: 2, report: newest })
    assert.deepEqual(await ledger.reports(), [newest])
    await ledger.record({ ...entry, sequence: 3 })
    assert.deepEqual(await ledger.reports(), [])
  })

  test('a worker that is silent for longer than it said no longer counts as running, the others do not', async (t) => {
    const ledger = await open(t)
    const [brief, running] = [sampleEntry(), sampleEntry()]
    await ledger.record({ ...brief, report: sampleReport(brief.worker, { expiresAfterMs: 40 }) })
    const report = sampleReport(running.worker)
    await ledger.record({ ...running, report })
    await sleep(80) // no event tells that a report has expired
    assert.deepEqual(await ledger.reports(), [report])
    assert.equal(await ledger.record({ ...brief, sequence: 2, report: sampleReport(brief.worker) }), 'recorded')
    assert.equal((await ledger.reports()).length, 2)
  })
}

function testRefusals(open: OpenLedger): void {
  test('an entry that could not be counted exactly is refused and changes nothing', async (t) => {
    const ledger = await open(t)
    const entry = sampleEntry()
    const bad: Partial<Entry>[] = [
      { hashes: 1.5 },
      { hashes: -1 },
      { hashes: Number.NaN },
      { hashes: 2 ** 53 },
      { sequence: 0 },
      { to: Number.NaN },
      { worker: '' },
      { worker: 'a b' },
      { coins: [{ digest: `f${'0'.repeat(63)}`, bytes: new Uint8Array(1) }] },
      { report: sampleReport(randomUUID()) },
      { report: sampleReport(entry.worker, { expiresAfterMs: 0 }) },
    ]
    for (const part of bad)
      await assert.rejects(ledger.record({ ...entry, ...part }), /^RangeError: expected [^\n]*, got/)
    await assert.rejects(ledger.speeds(0.5, 1), /expected speeds from a whole second, got 0.5/)
    await assert.rejects(ledger.speeds(0, 1e9), /expected speeds of 0 to 86400 seconds, got 1000000000/)
    assert.deepEqual(await ledger.totals(), { hashes: 0, coins: 0, recorded: 0 })
  })

  test('a closed ledger rejects, and may be closed again', async (t) => {
    const ledger = await open(t)
    await ledger.close()
    await ledger.close()
    await assert.rejects(ledger.totals(), /^Error: the ledger is closed$/)
    await assert.rejects(ledger.record(sampleEntry()), /^Error: the ledger is closed$/)
  })
}

/** Coins that are no true ones, in the order of their digests. */
function numberedCoins(count: number): Coin[] {
  return Array.from({ length: count }, (_, i) => ({
    digest: `${i}`.padStart(64, '0'),
    bytes: Uint8Array.of(i >> 8, i & 255),
  }))
}

/** All that an entry may change. */
async function stateOf(ledger: Ledger, { to }: Entry) {
  const from = Math.floor(to / 1000) - 5
  const [totals, sums, speeds] = [await ledger.totals(), await ledger.sums(), await ledger.speeds(from, 10)]
  return { totals, sums, speeds, coins: await coinsOf(ledger), reports: await ledger.reports() }
}

/** Every coin, in the order of the digests, its bytes as a plain array. */
async function coinsOf(ledger: Ledger): Promise<Coin[]> {
  const coins: Coin[] = []
  for await (const { digest, bytes } of ledger.coins()) coins.push({ digest, bytes: Uint8Array.from(bytes) })
  return coins.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
}
