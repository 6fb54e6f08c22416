import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Report } from '@dockercoins/ledger'

import type { Pipeline, Upstream, Verdict, VerdictState } from './api.ts'
import { describePipeline as describe, type Replicas } from './pipeline.ts'
import { currentPlan, NOTHING } from './plan.ts'
import type { Platform } from './scale-command.ts'
import { describeState } from './sentences.ts'
import { addUp, summarize, type Served } from './summary.ts'
import { findState } from './verdict.ts'

/** Reports of a second in which each worker did `each` units, served in 100 ms by both services. */
function reports(workers: number, each: number, queueMs: number, concurrency = 1): Report[] {
  const upstream = (name: string, waitMs: number, atATime: number) => ({
    queueMs: each * waitMs,
    workMs: each * 100,
    networkMs: each,
    concurrency: atATime,
    replicas: { [name]: each },
    notResponding: [],
  })
  return Array.from({ length: workers }, (_, index) => ({
    worker: `id-${index}`,
    hostname: `worker-${index + 1}`,
    revision: 'r1',
    loops: 1,
    from: 0,
    to: 1000,
    hashes: each,
    hashesPerUnit: 1,
    expiresAfterMs: 5000,
    pauseMs: each * 100,
    delayMs: 100,
    rng: upstream('rng-1', queueMs, concurrency),
    hasher: upstream('hasher-1', 0, concurrency === 0 ? 0 : 20),
    latestCoins: [],
  }))
}

const noReplicas = { running: [], notResponding: [] }
const one = { rng: ['rng-1'], hasher: ['hasher-1'] }

function served(names: string[]): Served[] {
  return names.map((name) => ({ name, served: 1 }))
}

function describeReports(
  reported: Report[],
  replicas: Record<Upstream, Replicas>,
  foreignSpeed: number | null,
): Pipeline {
  return describe(addUp(reported.map(summarize)), replicas, foreignSpeed)
}

function describePipeline(
  reported: Report[],
  names: Record<Upstream, string[]>,
  { foreignSpeed = 0, standing }: { foreignSpeed?: number | null; standing?: VerdictState } = {},
) {
  const replicas = {
    rng: { running: served(names.rng), notResponding: [] },
    hasher: { running: served(names.hasher), notResponding: [] },
  }
  const pipeline = describeReports(reported, replicas, foreignSpeed)
  return { ...pipeline, state: findState(pipeline, standing) }
}

function judge(pipeline: Pipeline & { state: VerdictState }, platform: Platform): Verdict {
  const start = { platform, basePort: 8000, variables: {} }
  return describeState(pipeline, pipeline.state, start, currentPlan(pipeline))
}

function near(actual: number | null | undefined, expected: number): void {
  assert.ok(Math.abs(actual! - expected) < 0.01 * expected, `expected about ${expected}, got ${actual}`)
}

test('one worker is the bottleneck, and the capacity is its speed', () => {
  const pipeline = describePipeline(reports(1, 3.31, 0), one)
  assert.equal(pipeline.state, 'worker')
  near(pipeline.unitMs, 302)
  near(pipeline.capacity, 3.31)
  near(pipeline.rng.busy, 0.331)
  near(pipeline.rng.capacity, 10)
  near(pipeline.hasher.capacity, 200)
  near(pipeline.worker.share + pipeline.rng.share + pipeline.hasher.share, 1)
  const { sentence, evidence, command } = judge(pipeline, 'local')
  assert.match(sentence, /: add workers\.$/)
  assert.equal(evidence, 'rng is 33 % busy')
  assert.equal(command, 'npm run scale -- worker=3')
})

test('with batches the capacity counts hashes, and that of services requests', () => {
  const [plain] = reports(1, 3.31, 0)
  const pipeline = describePipeline([{ ...plain!, hashes: 33.1, hashesPerUnit: 10 }], one)
  near(pipeline.capacity, 33.1)
  near(pipeline.unitMs, 302)
  near(pipeline.worker.perSecond, 3.31)
  near(pipeline.rng.capacity, 10)
  assert.equal(pipeline.hashesPerUnit, 10)
  assert.equal(judge(pipeline, 'local').command, 'npm run scale -- worker=3')
})

test('where workers make batches of different sizes, a unit makes what it does on average', () => {
  const [plain, batched] = reports(2, 3, 0)
  const pipeline = describePipeline([plain!, { ...batched!, hashes: 27, hashesPerUnit: 9 }], one)
  near(pipeline.hashesPerUnit, 5)
  near(pipeline.worker.perSecond, 6)
  near(pipeline.capacity, 5 * Math.max(6, 2 / 0.302))
})

test('ten workers fill one rng, and three of it are advised', () => {
  const pipeline = describePipeline(reports(10, 1, 698), one)
  assert.equal(pipeline.state, 'rng')
  near(pipeline.capacity, 10)
  near(pipeline.rng.share, 0.8)
  const { sentence, evidence, command } = judge(pipeline, 'compose')
  assert.equal(sentence, 'Loops wait for rng: add replicas.')
  assert.equal(evidence, 'rng is 100 % busy, requests wait 698 ms')
  assert.equal(command, 'RNG_PORT=0 docker compose up -d --scale worker=10 --scale rng=3')
})

test('ten workers and three of rng match each other', () => {
  const pipeline = describePipeline(reports(10, 3, 31), { ...one, rng: ['rng-1', 'rng-2', 'rng-10'] })
  assert.equal(pipeline.state, 'well')
  near(pipeline.capacity, 30)
  assert.match(judge(pipeline, 'kubernetes').sentence, /^Workers and rng match/)
  assert.equal(
    judge(pipeline, 'kubernetes').command,
    'kubectl scale deployment worker --replicas=20 && kubectl scale deployment rng --replicas=6',
  )
  const names = pipeline.rng.replicas.map(({ name }) => name)
  assert.deepEqual(names, ['rng-1', 'rng-2', 'rng-10'])
})

test('where no service reports its concurrency, only the loops limit the speed', () => {
  const pipeline = describePipeline(reports(2, 3.31, 0, 0), one)
  assert.equal(pipeline.rng.capacity, undefined)
  near(pipeline.capacity, 6.62)
  assert.match(judge(pipeline, 'local').sentence, /hardly wait/)
  assert.equal(judge(pipeline, 'local').command, 'npm run scale -- worker=4')
})

test('replicas that share a name have no capacity that they exceed', () => {
  const pipeline = describePipeline(reports(10, 2, 350), one)
  assert.equal(pipeline.rng.capacity, undefined)
})

test('a worker that is to be started leaves the others as they are', () => {
  const pipeline = describePipeline([], { rng: [], hasher: [] })
  const compose = { platform: 'compose', basePort: 8000, variables: {} } as const
  const known = { ...NOTHING, loops: 4, rng: 3, hasher: 1, delayMs: 100 }
  const { command } = describeState(pipeline, 'idle', compose, known)
  assert.equal(command, 'RNG_PORT=0 LOOPS=4 docker compose up -d --scale worker=1 --scale rng=3')
  assert.equal(describeState(pipeline, 'idle', compose, NOTHING).command, 'docker compose up -d --scale worker=1')
})

test('no worker, and workers that finish no unit, have advice of their own', () => {
  const empty = describePipeline([], { rng: [], hasher: [] })
  assert.equal(empty.state, 'idle')
  assert.match(judge(empty, 'local').sentence, /^No worker reports/)
  const idle = describePipeline(reports(2, 0, 0), one)
  assert.equal(idle.capacity, null)
  assert.match(judge(idle, 'local').sentence, /^No unit of work ends/)
})

/** Reports of workers whose services send no Server-Timing: all their time is network time. */
function untimed(workers: number, each: number, rngMs: number): Report[] {
  return Array.from(reports(workers, each, 0, 0), (report) => ({
    ...report,
    rng: { ...report.rng, workMs: 0, networkMs: each * rngMs },
    hasher: { ...report.hasher, workMs: 0, networkMs: each * 100 },
  }))
}

test('a service without Server-Timing is the bottleneck when loops spend most of their time on it', () => {
  const pipeline = describePipeline(untimed(10, 1, 800), one)
  assert.equal(pipeline.state, 'rng')
  near(pipeline.rng.share, 0.8)
  assert.equal(judge(pipeline, 'compose').evidence, 'loops spend 80 % of their time on rng')
  assert.match(String(judge(pipeline, 'compose').command), /--scale rng=2$/)
})

test('services without Server-Timing of which none takes most of the time allow for more workers', () => {
  const pipeline = describePipeline(untimed(1, 3.3, 100), one)
  assert.equal(pipeline.state, 'worker')
  assert.doesNotMatch(judge(pipeline, 'local').sentence, /hardly wait|busy|can serve/)
})

test('it is not known how busy a service is that workers that do not report may use', () => {
  const pipeline = describePipeline(reports(1, 1, 698), one, { foreignSpeed: 9 })
  assert.equal(pipeline.state, 'rng')
  assert.equal(pipeline.rng.busy, undefined)
  near(pipeline.capacity, 10)
  const { evidence, more } = judge(pipeline, 'local')
  assert.equal(evidence, 'requests wait 698 ms')
  assert.match(more!, /^Workers that do not report make 9\.00/)
})

test('workers that do not report count as mining', () => {
  const none = { rng: [], hasher: [] }
  const alone = describePipeline([], none, { foreignSpeed: 3.3 })
  assert.match(judge(alone, 'local').sentence, /^Only workers that do not report are mining/)
  const unknown = describePipeline([], none, { foreignSpeed: null })
  assert.doesNotMatch(judge(unknown, 'local').sentence, /nothing is counted/)
})

test('pauses that take longer than set are those of a busy machine, and no worker is advised', () => {
  const late = reports(2, 3, 0)
  for (const report of late) report.pauseMs = 3 * 126
  const pipeline = describePipeline(late, one)
  assert.equal(pipeline.state, 'machine')
  const { sentence, evidence, command } = judge(pipeline, 'local')
  assert.match(sentence, /^This machine is too busy/)
  assert.equal(evidence, 'pauses set to 100 ms take 126 ms')
  assert.equal(command, undefined)
  for (const report of late) delete report.delayMs
  assert.equal(describePipeline(late, one).state, 'worker')
})

test('a verdict stands until the figures have clearly changed', () => {
  const near20 = reports(10, 2, 70)
  const names = { ...one, rng: ['rng-1', 'rng-2', 'rng-3'] }
  assert.notEqual(describePipeline(near20, names).state, 'rng')
  assert.equal(describePipeline(near20, names, { standing: 'rng' }).state, 'rng')
})

test('a bottleneck that is not full is described by its queue alone', () => {
  const pipeline = describePipeline(reports(2, 1, 500), one)
  assert.equal(pipeline.state, 'rng')
  assert.equal(judge(pipeline, 'local').evidence, 'requests wait 500 ms')
})

test('a worker whose report covers twice the time has no larger share', () => {
  const [first, second] = reports(2, 1, 0)
  const { worker } = describePipeline([first!, { ...second!, hashes: 2, from: -1000 }], one)
  assert.deepEqual(
    [0.5, 0.5],
    Array.from(worker.replicas, ({ share }) => share),
  )
})

/** Not in the order of their names. */
const rngs = (count: number) => Array.from({ length: count }, (_, index) => `rng-${count - index}`)

test('a snapshot names twenty replicas, of more the first eight by name, and counts them all', () => {
  const twenty = describePipeline(reports(2500, 1, 0), { ...one, rng: rngs(20) })
  assert.deepEqual(
    Array.from(twenty.rng.replicas, ({ name }) => name),
    rngs(20).toReversed(),
  )
  assert.deepEqual([twenty.worker.count, twenty.worker.replicas.length], [2500, 8])
  const { rng } = describePipeline(reports(1, 1, 0), { ...one, rng: rngs(250) })
  assert.equal(rng.count, 250)
  assert.deepEqual(
    Array.from(rng.replicas, ({ name }) => name),
    rngs(8).toReversed(),
  )
})

test('the command is that of the platform, and there is none where the platform is not known', () => {
  const pipeline = describePipeline(reports(10, 1, 698), one)
  assert.equal(judge(pipeline, 'swarm').command, 'docker service scale dockercoins_rng=3')
  const { sentence, command } = judge(pipeline, 'container')
  assert.equal(command, undefined)
  assert.match(sentence, /add replicas\.$/)
  assert.doesNotMatch(sentence, /npm/)
})

test('no number is advised of replicas whose names are not known', () => {
  const pipeline = describePipeline(reports(10, 1, 698), { ...one, rng: [] })
  assert.equal(pipeline.state, 'rng')
  assert.equal(judge(pipeline, 'local').command, undefined)
})

test('while all replicas of a service are lost the capacity is not known', () => {
  const hasher = { running: served(['hasher-1']), notResponding: [] }
  const lost = { running: [], notResponding: ['rng-1'] }
  const { capacity } = describeReports(reports(10, 1, 0), { rng: lost, hasher }, 0)
  assert.equal(capacity, null)
})

test('workers are counted by the revision of their source, and the speed of each revision is its own', () => {
  const [a, b, c] = reports(3, 10, 0)
  const hash = '0123456789'.repeat(4)
  const { revisions } = describeReports(
    [{ ...a!, revision: hash, hashes: 5 }, b!, c!],
    { rng: noReplicas, hasher: noReplicas },
    0,
  )
  assert.deepEqual(revisions, [
    { name: 'r1', workers: 2, perSecond: 20 },
    { name: '01234567', workers: 1, perSecond: 5 },
  ])
})
