import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test, type TestContext } from 'node:test'

import type { Coin, Entry, Report } from '@dockercoins/ledger'
import { until } from '@dockercoins/testing'
import { pino } from 'pino'

import { createRecorder, MAX_PENDING_COINS, PROMPT_COINS } from './record.ts'

const timing = { queueMs: 0, workMs: 0, networkMs: 0, refused: 0, concurrency: 1, servedBy: 'a' }
const unit = () => ({
  hashes: 1,
  pauseMs: 0,
  rng: { ...timing, value: new Uint8Array(32) },
  hasher: { ...timing, value: [] as Coin[] },
})
const unitWithCoin = (digest = '0'.repeat(64)) => {
  const { hasher, ...rest } = unit()
  return { ...rest, hasher: { ...hasher, value: [{ digest, bytes: new Uint8Array(32) }] } }
}

/** A ledger that loses every reply while `away`: the entry may have been applied all the same. */
function createLossyLedger() {
  const attempts = new EventEmitter()
  const ledger = {
    away: false,
    sent: [] as Entry[],
    applied: new Map<number, Entry>(),
    record(entry: Entry) {
      ledger.sent.push(structuredClone(entry))
      ledger.applied.set(entry.sequence, entry)
      attempts.emit('record')
      return ledger.away ? Promise.reject(new Error('connection lost')) : Promise.resolve('recorded' as const)
    },
    next: () => once(attempts, 'record'),
    hashes: () => [...ledger.applied.values()].reduce((sum, { hashes }) => sum + hashes, 0),
  }
  return ledger
}

function build(t: TestContext, intervalMs = 1) {
  const ledger = createLossyLedger()
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) })
  const recorder = createRecorder({
    // Only `record` is called by a recorder.
    ledger: ledger as unknown as Parameters<typeof createRecorder>[0]['ledger'],
    self: { worker: 'w', hostname: 'worker-1', revision: 'r1', loops: 1, hashesPerUnit: 1, delayMs: 100 },
    intervalMs,
    observe: () => {},
    health: () => ({ rng: { notResponding: ['rng-2'] }, hasher: { notResponding: [], fault: 'errors 10 %' } }),
    log,
  })
  t.after(() => recorder.finish(0))
  return { ledger, recorder, lines }
}

test('all units are in the entries, whose sequence numbers have no gap', async (t) => {
  const { ledger, recorder } = build(t)
  for (let done = 0; done < 500; done++) {
    void recorder.unitDone(unit())
    if (done % 10 === 0) await new Promise(setImmediate)
  }
  assert.equal(await recorder.finish(1000), 0)
  assert.equal(ledger.hashes(), 500)
  assert.deepEqual(
    [...ledger.applied.keys()],
    Array.from({ length: ledger.applied.size }, (_, index) => index + 1),
  )
})

test('entries touch each other: each begins where the one before ended', async (t) => {
  const { ledger, recorder } = build(t)
  for (let done = 0; done < 50; done++) {
    void recorder.unitDone(unit())
    await new Promise(setImmediate)
  }
  await recorder.finish(1000)
  const entries = [...ledger.applied.values()]
  for (const [index, entry] of entries.entries()) {
    assert.ok(entry.from <= entry.to)
    if (index > 0) assert.equal(entry.from, entries[index - 1]?.to)
  }
})

test('workers that start together do not record together: each begins with a random part of an interval', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)

  /** The milliseconds from the first unit to the third entry, and from each entry to the next. */
  async function intervals(random: number): Promise<number[]> {
    t.mock.method(Math, 'random', () => random)
    const { ledger, recorder } = build(t, 1000)
    await new Promise(setImmediate) // the ledger responds
    const recordedAt: number[] = []
    for (; recordedAt.length < 4; now += 50) {
      const entries = ledger.sent.length
      void recorder.unitDone(unit())
      if (ledger.sent.length > entries) recordedAt.push(now)
      await new Promise(setImmediate)
    }
    return recordedAt.slice(1).map((at, index) => at - recordedAt[index]!)
  }
  assert.deepEqual(await intervals(0), [1000, 1000, 1000])
  assert.deepEqual(await intervals(0.75), [250, 1000, 1000])
})

test('the first unit is recorded at once, also where it ends after a heartbeat', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  t.mock.method(Math, 'random', () => 0.9)
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { ledger, recorder } = build(t, 1000)
  await new Promise(setImmediate) // the ledger responds
  now = 1000
  t.mock.timers.tick(1000)
  await new Promise(setImmediate)
  now = 1200
  void recorder.unitDone(unit())
  assert.deepEqual(
    ledger.sent.map(({ sequence, hashes }) => [sequence, hashes]),
    [
      [1, 0],
      [2, 1],
    ],
  )
})

test('while no unit ends an entry repeats the figures of the last units, until they are too old', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { ledger, recorder } = build(t, 1000)
  await new Promise(setImmediate) // the ledger responds
  void recorder.unitDone({ ...unit(), pauseMs: 2000 })
  await new Promise(setImmediate)
  for (const at of [2000, 4000, 6000]) {
    now = at
    t.mock.timers.tick(1000)
    await new Promise(setImmediate)
  }
  const shown = ledger.sent.map(({ hashes, report }) => [hashes, report?.hashes, report?.pauseMs, report?.isRepeated])
  assert.deepEqual(shown, [
    [0, 0, 0, false],
    [1, 1, 2000, false],
    [0, 1, 2000, true],
    [0, 1, 2000, true],
    [0, 0, 0, false],
  ])
  assert.deepEqual(ledger.sent[2]?.report?.rng.notResponding, ['rng-2'])
})

test('an entry whose reply was lost is sent again as it was, and what comes meanwhile goes into the next', async (t) => {
  const { ledger, recorder } = build(t)
  await ledger.next().catch(() => {})
  ledger.away = true
  void recorder.unitDone(unit())
  await ledger.next()
  void recorder.unitDone(unit())
  void recorder.unitDone(unit())
  await ledger.next()
  ledger.away = false
  assert.equal(await recorder.finish(5000), 0)
  assert.equal(ledger.hashes(), 3)
  for (const sent of ledger.sent) assert.deepEqual(sent, structuredClone(ledger.applied.get(sent.sequence)))
})

test('a lost ledger is logged once, and once that it has recovered', async (t) => {
  const { ledger, recorder, lines } = build(t)
  ledger.away = true
  void recorder.unitDone(unit())
  await ledger.next()
  await ledger.next()
  assert.equal(recorder.isReady(), false)
  ledger.away = false
  await recorder.finish(5000)
  assert.equal(recorder.isReady(), true)
  assert.equal(lines.filter((line) => line.startsWith('ledger is lost')).length, 1)
  assert.equal(lines.filter((line) => line.startsWith('ledger recovered')).length, 1)
})

test('while the ledger is lost the recorder takes so many coins and no more, and drains once it has recovered', async (t) => {
  const { ledger, recorder } = build(t)
  ledger.away = true
  let drained: Promise<void> | undefined
  let coins = 0
  while (!drained) {
    drained = recorder.unitDone(unitWithCoin())
    coins++
  }
  assert.ok(coins >= MAX_PENDING_COINS && coins <= 2 * MAX_PENDING_COINS, `${coins} coins`)
  ledger.away = false
  await drained
  assert.equal(recorder.unitDone(unit()), undefined)
  assert.equal(await recorder.finish(1000), 0)
})

test('coins that come fast are recorded long before the interval is over, and never stop the mining', async (t) => {
  const { ledger, recorder } = build(t, 3_600_000)
  const coins = MAX_PENDING_COINS + 5 * PROMPT_COINS
  for (let found = 0; found < coins; found++) {
    assert.equal(recorder.unitDone(unitWithCoin()), undefined)
    if (found % 1000 === 0) await new Promise(setImmediate) // the ledger responds
  }
  const sizes = ledger.sent.map((entry) => entry.coins.length).filter((size) => size > 0)
  for (const size of sizes) assert.ok(size <= PROMPT_COINS + 1000, `${size} coins in an entry`)
  assert.equal(await recorder.finish(1000), 0)
  assert.equal(ledger.hashes(), coins)
})

test('a worker that finishes while it waits to try again tries at once', { timeout: 30_000 }, async (t) => {
  const { ledger, recorder } = build(t)
  await ledger.next().catch(() => {})
  ledger.away = true
  const attempt = ledger.next()
  void recorder.unitDone(unit())
  await attempt
  await new Promise(setImmediate)
  const attempts = ledger.sent.length
  ledger.away = false
  const finished = recorder.finish(5000)
  // The backoff would be 50 ms or more.
  await new Promise(setImmediate)
  assert.ok(ledger.sent.length > attempts)
  assert.equal(await finished, 0)
})

test('what could not be recorded in time is counted', async (t) => {
  const { ledger, recorder } = build(t)
  ledger.away = true
  await ledger.next().catch(() => {})
  void recorder.unitDone(unit())
  void recorder.unitDone(unit())
  assert.equal(await recorder.finish(50), 2)
})

test('the last entry has no report, for the worker no longer runs', async (t) => {
  const { ledger, recorder } = build(t)
  await recorder.finish(1000)
  assert.equal('report' in (ledger.sent.at(-1) ?? {}), false)
  assert.equal(ledger.sent.at(0)?.report?.hostname, 'worker-1')
})

test('a report says how long a pause is set to be, beside how long the pauses took', async (t) => {
  const { ledger, recorder } = build(t)
  await recorder.finish(1000)
  assert.equal(ledger.sent.at(0)?.report?.delayMs, 100)
})

test('a ledger that never responds does not hold up a stop', async (t) => {
  const { ledger, recorder } = build(t)
  ledger.record = () => new Promise(() => {})
  void recorder.unitDone(unit())
  assert.equal(await recorder.finish(50), 1)
})

test('a ledger that is closed because the worker stops is not called lost', async (t) => {
  const { ledger, recorder, lines } = build(t)
  const { promise, reject } = Promise.withResolvers<'recorded'>()
  ledger.record = () => promise
  void recorder.unitDone(unit())
  await recorder.finish(0)
  reject(new Error('the ledger is closed'))
  await promise.catch(() => {})
  assert.deepEqual(
    lines.filter((line) => line.includes('lost')),
    [],
  )
})

test('a wall clock that is set back holds up nothing and turns no entry around', async (t) => {
  const { ledger, recorder } = build(t)
  await ledger.next().catch(() => {})
  const now = Date.now()
  t.mock.method(Date, 'now', () => now - 3_600_000)
  for (let entry = 0; entry < 3; entry++) {
    const recorded = ledger.next()
    void recorder.unitDone(unit())
    await recorded
  }
  await recorder.finish(1000)
  for (const { from, to } of ledger.applied.values()) assert.ok(from <= to)
  assert.equal([...ledger.applied.values()].at(-1)?.from, now - 3_600_000)
})

test('a thousand loops that wait for the ledger share one wait', async (t) => {
  const { ledger, recorder } = build(t)
  ledger.away = true
  while (!recorder.unitDone(unitWithCoin()));
  const waits = Array.from({ length: 1000 }, () => recorder.unitDone(unitWithCoin())!)
  assert.equal(new Set(waits).size, 1)
  ledger.away = false
  await Promise.all(waits)
})

test('a report has the newest coins of the last seconds, however the wall clock is set', async (t) => {
  const clock = { wall: 1_000_000, now: 0 }
  t.mock.method(Date, 'now', () => clock.wall)
  t.mock.method(performance, 'now', () => clock.now)
  const { ledger, recorder } = build(t, 1000)
  async function reportAt(now: number): Promise<Report> {
    await new Promise(setImmediate) // the ledger responds
    clock.now = now
    void recorder.unitDone(unit())
    return ledger.sent.at(-1)!.report!
  }
  for (let found = 1; found <= 9; found++) void recorder.unitDone(unitWithCoin(`0${found}`))
  const { latestCoins, expiresAfterMs } = await reportAt(1000)
  const newest = ['09', '08', '07', '06', '05', '04', '03', '02']
  assert.deepEqual(
    latestCoins,
    newest.map((digest) => ({ digest, at: 1_000_000 })),
  )
  clock.wall -= 3_600_000
  await reportAt(2500)
  assert.equal((await reportAt(expiresAfterMs)).latestCoins.length, 8)
  assert.deepEqual((await reportAt(expiresAfterMs + 1000)).latestCoins, [])
})

test('the report of an entry that waited for the ledger has the newest coins of the entry', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const { ledger, recorder } = build(t, 1000)
  await new Promise(setImmediate) // the ledger responds
  ledger.away = true
  void recorder.unitDone(unit())
  await new Promise(setImmediate) // the ledger does not
  void recorder.unitDone(unitWithCoin())
  now = 60_000
  ledger.away = false
  await until('the ledger to recover', () => recorder.isReady(), Boolean)
  void recorder.unitDone(unit())
  assert.equal(ledger.sent.at(-1)?.report?.latestCoins.length, 1)
})

test('a report names the replicas that do not respond', async (t) => {
  const { ledger } = build(t)
  if (ledger.sent.length === 0) await ledger.next()
  assert.deepEqual(ledger.sent[0]?.report?.rng.notResponding, ['rng-2'])
  assert.equal(ledger.sent[0]?.report?.hasher.fault, 'errors 10 %')
})
