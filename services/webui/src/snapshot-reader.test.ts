import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Ledger, Report } from '@dockercoins/ledger'
import type { Log } from '@dockercoins/service'

import type { Pipeline, Snapshot, Stage } from './api.ts'
import { settledSecond } from './history.ts'
import { createSnapshotReader } from './snapshot-reader.ts'
import { createTimeline } from './timeline.ts'

test('a second is settled when every running worker has reported its work in it', () => {
  assert.equal(
    settledSecond(100.5, [
      { to: 98_900, expiresAfterMs: 3500 },
      { to: 99_800, expiresAfterMs: 3500 },
    ]),
    98,
  )
})

test('the second that runs now is never settled', () => {
  assert.equal(settledSecond(100.5, [{ to: 100_400, expiresAfterMs: 3500 }]), 99)
})

test('without a running worker all but the last second is settled', () => {
  assert.equal(settledSecond(100.5, []), 99)
})

test('a worker that reports once a minute delays the settled seconds', () => {
  assert.equal(settledSecond(100.5, [{ to: 40_000, expiresAfterMs: 210_000 }]), 40)
})

test('a worker that has not reported for more than a minute delays the settled seconds no longer', () => {
  assert.equal(settledSecond(1000.5, [{ to: 0, expiresAfterMs: 2_100_000 }]), 940)
})

test('a worker whose unit takes long delays the settled seconds by ten seconds at most', () => {
  assert.equal(settledSecond(100.5, [{ to: 20_000, expiresAfterMs: 3500 }]), 90)
})

interface Read {
  reports?: Report[]
  totals?: { hashes: number; recorded: number }
  speeds?: (number | null)[]
  /** How far the wall clock was set, in milliseconds. */
  wall?: number
  away?: boolean
}

/** Takes a snapshot of a ledger with what the test gives, at a moment by the monotonic clock. */
function createReader(t: TestContext, timeline = createTimeline()) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  let given: Read = {}
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const respond = <T>(value: T) => (given.away ? Promise.reject(new Error('away')) : Promise.resolve(value))
  const ledger = {
    totals: () => respond({ coins: 0, hashes: 0, recorded: 0, ...given.totals }),
    reports: () => respond(given.reports ?? []),
    speeds: () => respond(given.speeds ?? [null, 3]),
  }
  const lines: string[] = []
  const start = { platform: 'local', basePort: 8000, variables: {} } as const
  const log = { warn: (line: string) => lines.push(line), info: (line: string) => lines.push(line) } as unknown as Log
  const readUpdate = createSnapshotReader(ledger as unknown as Ledger, start, timeline, log)
  async function read(at: number, next: Read) {
    given = next
    now = at
    t.mock.timers.setTime(at + (next.wall ?? 0))
    const update = await readUpdate()
    assert.ok('pipeline' in update, lines.at(-1))
    return update
  }
  return Object.assign(read, {
    lines,
    /** Finds the ledger away. */
    async lose(at: number, wall = 0) {
      given = { away: true }
      now = at
      t.mock.timers.setTime(at + wall)
      const update = await readUpdate()
      assert.ok('ledgerLostSince' in update)
      return update
    },
  })
}

/** A report of a unit that ended at `to` and took nine seconds, six of them in rng's queue. */
function slowUnit(to: number): Report {
  const upstream = { workMs: 1000, networkMs: 0, concurrency: 1 }
  const times = { from: to - 9000, to, hashes: 1, hashesPerUnit: 1, expiresAfterMs: 3500, pauseMs: 1000 }
  return {
    worker: 'id',
    hostname: 'worker-1',
    revision: 'r1',
    loops: 1,
    latestCoins: [],
    ...times,
    rng: { ...upstream, queueMs: 6000, replicas: { 'rng-1': 1 }, notResponding: [] },
    hasher: { ...upstream, queueMs: 0, replicas: { 'hasher-1': 1 }, notResponding: [] },
  }
}

/** What the same worker reports while no unit has ended for long. */
function withoutUnit(to: number): Report {
  const none = { queueMs: 0, workMs: 0, networkMs: 0, concurrency: 0, replicas: {}, notResponding: [] }
  return { ...slowUnit(to), from: to, hashes: 0, isRepeated: false, pauseMs: 0, rng: none, hasher: none }
}

/** Reports of `count` workers with `each` units in the second before `to`; ten queue at rng. */
function second(to: number, count: number, each = 1): Report[] {
  const unit = slowUnit(to)
  return Array.from({ length: count }, (_, index) => ({
    ...unit,
    worker: `id-${index}`,
    from: to - 1000,
    hashes: each,
    pauseMs: 100 * each,
    rng: { ...unit.rng, queueMs: 700 * each, workMs: 100 * each, replicas: { 'rng-1': each } },
    hasher: { ...unit.hasher, workMs: 100 * each, replicas: { 'hasher-1': each } },
  }))
}

test('a worker whose units no longer end is not judged by those that ended before', async (t) => {
  const read = createReader(t)
  await read(1_000_000, { reports: second(1_000_000, 1, 3) })
  await read(1_003_000, { reports: [{ ...withoutUnit(1_000_000), worker: 'id-0' }] })
  const { verdict, pipeline } = await read(1_004_000, { reports: [{ ...withoutUnit(1_000_000), worker: 'id-0' }] })
  assert.equal(pipeline.worker.perSecond, 0)
  assert.equal(verdict.state, 'stuck')
})

test('without a worker the advice is to start one, whatever else was there', async (t) => {
  const read = createReader(t)
  const report = slowUnit(1_000_000)
  report.rng.replicas = { 'rng-1': 1, 'rng-2': 1 }
  await read(1_000_000, { reports: [report] })
  const { verdict, pipeline } = await read(1_020_000, {})
  assert.deepEqual(pipeline.rng.replicas, [])
  assert.equal(verdict.command, 'npm run scale -- worker=1')
})

function states({ replicas }: Stage): string[] {
  return replicas.map(({ name, state }) => `${name} ${state}`)
}

test('a replica that no worker reaches is not running, and named as not responding', async (t) => {
  const read = createReader(t)
  const [report] = second(1_000_000, 1)
  report!.rng.replicas = { 'rng-1': 1, 'rng-2': 1 }
  await read(1_000_000, { reports: [report!] })
  const [next] = second(1_001_000, 1)
  next!.rng.notResponding = ['rng-2']
  const { rng } = (await read(1_001_000, { reports: [next!] })).pipeline
  assert.deepEqual([rng.count, rng.notResponding, states(rng)], [1, 1, ['rng-1 serving', 'rng-2 not responding']])
})

test('a replica that does not respond is named, also where a report repeats what it did before', async (t) => {
  const read = createReader(t)
  const report = slowUnit(1_000_000)
  await read(1_000_000, { reports: [report] })
  const repeated = { ...report, isRepeated: true, rng: { ...report.rng, notResponding: ['rng-1'] } }
  const { rng, worker } = (await read(1_001_000, { reports: [repeated] })).pipeline
  assert.deepEqual([rng.notResponding, states(rng)], [1, ['rng-1 not responding']])
  assert.ok(worker.perSecond > 0)
})

test('only reports that were read just now settle seconds, and show that a replica responds', async (t) => {
  const read = createReader(t)
  const [one, other] = second(1_000_000, 2)
  await read(1_000_000, { reports: [one!, other!] })
  const [newer] = second(1_003_000, 1)
  newer!.rng = { ...newer!.rng, replicas: { 'rng-2': 1 }, notResponding: ['rng-1'] }
  const { history, pipeline } = await read(1_003_500, { reports: [newer!, other!] })
  assert.equal(history.from + 60, 1002)
  assert.deepEqual(states(pipeline.rng), ['rng-1 not responding', 'rng-2 serving'])
  const [newest] = second(1_012_000, 1)
  newest!.rng.replicas = { 'rng-2': 1 }
  const later = await read(1_012_500, { reports: [newest!, other!] })
  assert.deepEqual(states(later.pipeline.rng), ['rng-2 serving'])
})

test('a report that was read before counts until its worker leaves or it is read again', async (t) => {
  const read = createReader(t)
  const [one, two, three] = second(1_000_000, 3)
  const perSecond = async (at: number, reports: Report[]) => {
    const { worker, rng } = (await read(at, { reports })).pipeline
    return [worker.count, worker.perSecond, rng.perSecond]
  }
  assert.deepEqual(await perSecond(1_000_000, [one!, two!, three!]), [3, 3, 3])
  const [newer] = second(1_001_000, 1, 4)
  assert.deepEqual(await perSecond(1_001_000, [newer!, two!, three!]), [3, 6, 6])
  assert.deepEqual(await perSecond(1_002_000, [newer!, two!, three!]), [3, 6, 6])
  assert.deepEqual(await perSecond(1_003_000, [newer!, three!]), [2, 5, 5])
  assert.deepEqual(await perSecond(1_004_000, [three!]), [1, 1, 1])
})

test('a worker that is listed again after the clock was set back and forth counts with its own figures', async (t) => {
  const read = createReader(t)
  const reports = [1, 10, 100].map((each) => {
    const [report] = second(1_000_000, 1, each)
    return Object.assign(report!, { worker: `id-${each}`, expiresAfterMs: each === 1 ? 3500 : 60_000 })
  })
  const perSecond = async (at: number, given: Report[], wall: number) =>
    (await read(at, { reports: given, wall })).pipeline.worker.perSecond
  assert.equal(await perSecond(1_000_000, reports, 0), 111)
  assert.equal(await perSecond(1_011_000, reports, -2000), 110)
  assert.equal(await perSecond(1_012_000, reports.toSpliced(1, 1), 0), 101)
})

test('a worker of an older version, which repeats no figures, is shown with its last units for ten seconds', async (t) => {
  const read = createReader(t)
  await read(1_000_000, { reports: [slowUnit(1_000_000)] })
  const perSecond = async (at: number) =>
    (await read(at, { reports: [{ ...withoutUnit(1_000_000), isRepeated: undefined }] })).pipeline.worker.perSecond
  assert.deepEqual([await perSecond(1_005_000), await perSecond(1_011_000)], [1 / 9, 0])
})

test('a replica that responds to another worker is running', async (t) => {
  const read = createReader(t)
  const [cutOff, other] = second(1_000_000, 2)
  cutOff!.rng = { ...cutOff!.rng, replicas: { 'rng-2': 1 }, notResponding: ['rng-1'] }
  const { rng } = (await read(1_000_000, { reports: [cutOff!, other!] })).pipeline
  assert.deepEqual([rng.notResponding, states(rng)], [0, ['rng-1 serving', 'rng-2 serving']])
})

/** A report of a worker that has found coins, which are named by the seconds of the test. */
function finder(to: number, seconds: number[], worker = 'id-0'): Report {
  const latestCoins = seconds.map((at) => ({ digest: `0${at}`, at: 1000 * at }))
  return { ...second(to, 1)[0]!, worker, hostname: worker, latestCoins }
}

function digests({ latestCoins }: Snapshot): string[] {
  return latestCoins.map(({ digest }) => digest)
}

test('the latest coins stay when no report has them any more, and each is listed once', async (t) => {
  const read = createReader(t)
  await read(1_000_000, { reports: [finder(1_000_000, [999, 998]), finder(1_000_000, [997], 'id-1')] })
  const later = await read(1_001_000, { reports: [finder(1_001_000, [1000, 999, 998])] })
  assert.deepEqual(digests(later), ['01000', '0999', '0998', '0997'])
  assert.deepEqual(later.latestCoins.at(-1), { digest: '0997', worker: 'id-1', at: 997 })
  // A report that is late.
  const late = await read(1_002_000, { reports: [finder(1_002_000, [998.5], 'id-2')] })
  assert.deepEqual(digests(late), ['01000', '0999', '0998.5', '0998', '0997'])
  const many = await read(1_009_000, { reports: [finder(1_009_000, [1008, 1007, 1006, 1005, 1004])] })
  assert.deepEqual(digests(many), ['01008', '01007', '01006', '01005', '01004', '01000', '0999', '0998.5'])
})

test('a coin is never later than now, whatever the clock of its worker, and a later one leaves when the clock is set back', async (t) => {
  const read = createReader(t)
  const ahead = await read(1_000_000, { reports: [finder(1_000_000, [1003])] })
  assert.deepEqual(ahead.latestCoins, [{ digest: '01003', worker: 'id-0', at: 1000 }])
  const again = await read(1_001_000, { reports: [finder(1_001_000, [1003])] })
  assert.deepEqual(again.latestCoins, ahead.latestCoins)
  const back = await read(1_002_000, { reports: [finder(902_000, [901])], wall: -100_000 })
  assert.deepEqual(back.latestCoins, [{ digest: '0901', worker: 'id-0', at: 901 }])
})

test('what moves the counter and is in no entry is the speed of workers that do not report', async (t) => {
  const read = createReader(t)
  const speeds: (number | null)[] = []
  // The classic's worker moves the counter by 3 or 4 at a time.
  for (const [at, hashes] of [3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40, 40, 40].entries()) {
    const totals = { hashes: hashes + 5 * at, recorded: 5 * at }
    speeds.push((await read(1_000_000 + 1000 * at, { totals })).pipeline.foreignSpeed)
  }
  assert.deepEqual(speeds.slice(0, 3), [null, null, null])
  for (const speed of speeds.slice(3, 12)) assert.ok(Math.abs(speed! - 10 / 3) < 0.4, `${speed}`)
  assert.ok(speeds.at(-1)! < speeds.at(-3)!)
})

test('an emptied ledger gives no negative speed, and what is not known stays unknown', async (t) => {
  const read = createReader(t)
  for (const at of [0, 1000, 2000, 3000]) await read(1_000_000 + at, { totals: { hashes: at, recorded: 0 } })
  const { pipeline, history } = await read(1_004_000, { totals: { hashes: 0, recorded: 0 } })
  assert.equal(pipeline.foreignSpeed, null)
  assert.deepEqual(history.speeds, [null, 3])
})

test('a verdict is given once the evidence has been the same for three seconds, and then it does not flip', async (t) => {
  const read = createReader(t)
  const verdict = async (at: number, reports: Report[]) => (await read(at, { reports })).verdict.state
  assert.equal(await verdict(1_000_000, second(1_000_000, 10)), 'early')
  assert.equal(await verdict(1_001_000, second(1_001_000, 10)), 'early')
  assert.equal(await verdict(1_003_000, second(1_003_000, 10)), 'rng')
  const free = (to: number) => Array.from(second(to, 10, 0.1), (one) => ({ ...one, rng: { ...one.rng, queueMs: 0 } }))
  assert.equal(await verdict(1_004_000, free(1_004_000)), 'rng')
  assert.equal(await verdict(1_005_000, second(1_005_000, 10)), 'rng')
  assert.equal(await verdict(1_006_000, free(1_006_000)), 'rng')
  assert.equal(await verdict(1_009_000, free(1_009_000)), 'worker')
})

test('a lost ledger is in each update and is logged once, and so is its recovery', async (t) => {
  const read = createReader(t)
  await read(1_000_000, {})
  assert.equal((await read.lose(1_001_000)).ledgerLostSince, 1001)
  assert.equal((await read.lose(1_002_000)).ledgerLostSince, 1001)
  await read(1_003_500, {})
  await read(1_004_000, {})
  assert.deepEqual(read.lines, ['ledger is lost: away; retrying until it recovers', 'ledger has recovered after 2.5 s'])
})

test('an outage is as long as the monotonic clock shows, however the wall clock is set meanwhile', async (t) => {
  const read = createReader(t)
  await read(10_000_000, {})
  await read.lose(10_001_000)
  await read(10_003_500, { wall: -3_600_000 })
  assert.equal(read.lines.at(-1), 'ledger has recovered after 2.5 s')
  const { outages, marks } = (await read(10_004_000, { wall: -3_600_000 })).history
  assert.deepEqual(outages, [{ from: 6401, until: 6403.5 }])
  assert.deepEqual(
    marks.map(({ at }) => at),
    [6401, 6403.5],
  )
})

test('after an outage the verdict waits until all workers that were running have reported', async (t) => {
  const read = createReader(t)
  for (const at of [0, 1000, 2000, 3000]) await read(1_000_000 + at, { reports: second(1_000_000 + at, 10) })
  await read.lose(1_004_000)
  for (const at of [8_000, 11_000, 12_000]) {
    const { verdict } = await read(1_000_000 + at, { reports: second(1_000_000 + at, 2) })
    assert.equal(verdict.state, 'early')
    assert.equal(verdict.evidence, '2 of 10 have reported')
  }
  const all = (at: number) => read(at, { reports: second(at, 10) })
  assert.equal((await all(1_013_000)).verdict.sentence, 'Measuring where the time goes.')
  assert.equal((await all(1_016_000)).verdict.state, 'rng')
})

test('workers that do not come back after an outage are not waited for without end', async (t) => {
  const read = createReader(t)
  await read(1_000_000, { reports: second(1_000_000, 10) })
  await read.lose(1_001_000)
  const texts = []
  for (const at of [2_000, 17_000, 20_000]) {
    texts.push((await read(1_000_000 + at, { reports: second(1_000_000 + at, 2) })).verdict.sentence)
  }
  assert.match(texts[0]!, /^Waiting/)
  assert.match(texts[2]!, /^Loops wait for rng/)
})

test('a worker that ended before the wall clock was set back is not listed for another hour', async (t) => {
  const read = createReader(t)
  const [ended, running] = second(1_000_000_000, 2)
  await read(1_000_000_000, { reports: [ended!, running!] })
  const wall = -3_600_000
  const after = async (ms: number) => {
    const newer = { ...running!, from: 1_000_000_000 + wall + ms - 1000, to: 1_000_000_000 + wall + ms }
    const { pipeline, history } = await read(1_000_000_000 + ms, { reports: [ended!, newer], wall })
    return [pipeline.worker.count, history.from + 60]
  }
  assert.deepEqual(await after(1000), [2, 996_400])
  assert.deepEqual(await after(10_000), [2, 996_409])
  assert.deepEqual(await after(11_000), [1, 996_410])
})

test('the capacity is smoothed while the same runs, and moves in a step when something is scaled', async (t) => {
  const read = createReader(t)
  const capacity = async (at: number, workMs: number, names: string[]) => {
    const reports = Array.from(second(at, 10), (one) => {
      const replicas = Object.fromEntries(names.map((name) => [name, 1 / names.length]))
      return { ...one, rng: { ...one.rng, workMs, replicas }, hasher: { ...one.hasher, workMs: 10 } }
    })
    return (await read(at, { reports })).pipeline.capacity
  }
  const levels = []
  for (const [index, workMs] of [100, 100, 100, 100, 80].entries())
    levels.push(await capacity(1_000_000 + 1000 * index, workMs, ['rng-1']))
  assert.deepEqual(levels.splice(0), [null, null, null, 10, 11.25])
  // In the first seconds reports of before and after are mixed.
  for (const index of [5, 6, 7, 8]) levels.push(await capacity(1_000_000 + 1000 * index, 100, ['rng-1', 'rng-2']))
  assert.deepEqual(levels, [null, null, null, 20])
})

/** What is longest in JSON: every character of it is escaped. */
const long = (name: string) => name.padEnd(253, '\u0001"\\\ud800')

/** In two minutes many outages, and then marks of all that can change as often as it can. */
function busyTimeline(until: number) {
  const timeline = createTimeline()
  for (let now = until - 120; now < until; now++) {
    if (now < until - 80) timeline.addOutage(now - 1 / 3, now)
    const count = 1e6 - (Math.floor(now / 4) % 2)
    const stage = { count, notResponding: 0 }
    const levels = { foreignSpeed: 1e6 / 3, capacity: 1e7 / 3 }
    const revisions = Array.from({ length: 3 }, (_, index) => ({ name: `${index}${count}`.padEnd(16, 'x') }))
    const sizes = { worker: stage, revisions, rng: stage, hasher: stage, loops: count * count, delayMs: count * count }
    timeline.add(now, now * 1e6, { ...levels, ...sizes } as Pipeline, true)
  }
  return timeline
}

/** Figures of many digits, and a replica that no other worker names. */
function longUpstream(name: string, index: number) {
  return {
    queueMs: 1e6 / 3,
    workMs: 1e5 / 3,
    networkMs: 1e4 / 3,
    concurrency: 10,
    refused: 1 / 3,
    replicas: { [long(`${name}-${index}`)]: 10 / 3 },
    notResponding: index % 100 === 0 ? [long(`away-${name}-${index}`)] : [],
  }
}

test('a snapshot is below 20 kB, whatever the names, the numbers and the marks', async (t) => {
  const read = createReader(t, busyTimeline(1000))
  const reports = second(1_000_000, 1000)
  for (const [index, report] of reports.entries()) {
    report.hostname = long(`worker-${index}`)
    report.revision = long(`${index}`)
    report.hashes = report.pauseMs = 1e5 / 3
    report.rng = longUpstream('rng', index)
    report.hasher = longUpstream('hasher', index)
    report.latestCoins = [{ digest: `0${index}`.padEnd(64, '0'), at: 1_000_000 - index }]
  }
  // So many seconds are sent at most.
  reports[0] = { ...reports[0]!, from: 939_000, to: 940_000, expiresAfterMs: 210_000 }
  const totals = { hashes: 1e15, recorded: 1e14 }
  const speeds = Array.from({ length: 60 }, (_, index) => 1e6 / 3 + index)
  const snapshot = await read(1_000_000, { reports, totals, speeds })
  const { pipeline, history } = snapshot
  assert.deepEqual([pipeline.worker.count, pipeline.rng.count], [1000, 1000])
  assert.deepEqual([history.marks.length, history.outages.length], [20, 20])
  for (const { text } of history.marks) assert.match(text, /^workers .* rng .* hasher .* loops .* revision .* pause/)
  for (const { name } of pipeline.rng.replicas) assert.ok(Buffer.byteLength(JSON.stringify(name)) <= 82, name)
  const bytes = Buffer.byteLength(JSON.stringify(snapshot))
  assert.ok(bytes < 20_000, `${bytes} bytes`)
})
