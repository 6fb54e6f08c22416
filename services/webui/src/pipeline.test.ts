import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Report } from '@dockercoins/ledger'

import { advise } from './advice.ts'
import { describePipeline as describe, type Evidence, type Pipeline, type Upstream } from './pipeline.ts'
import type { Platform } from './scale-command.ts'

/** What `workers` workers report of a second in which each did `each` units, with 100 ms of work in both services. */
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

const one = { rng: ['rng-1'], hasher: ['hasher-1'] }

function describePipeline(
  reported: Report[],
  names: Record<Upstream, string[]>,
  given: Partial<Evidence> = {},
): Pipeline {
  const replicas = {
    rng: { running: names.rng, notResponding: [] },
    hasher: { running: names.hasher, notResponding: [] },
  }
  return describe({ reports: reported, replicas, foreignSpeed: 0, ...given })
}

function adviseOn(pipeline: Pipeline, platform: Platform) {
  return advise(pipeline, platform, { rng: pipeline.rng.count, hasher: pipeline.hasher.count })
}

function near(actual: number | undefined, expected: number): void {
  assert.ok(Math.abs(actual! - expected) < 0.01 * expected, `expected about ${expected}, got ${actual}`)
}

test('one worker is the bottleneck, and theory allows what it does', () => {
  const pipeline = describePipeline(reports(1, 3.31, 0), one)
  assert.equal(pipeline.bottleneck, 'worker')
  near(pipeline.unitMs, 302)
  near(pipeline.limit, 3.31)
  near(pipeline.rng.busy, 0.331)
  near(pipeline.rng.limit, 10)
  near(pipeline.hasher.limit, 200)
  near(pipeline.worker.share + pipeline.rng.share + pipeline.hasher.share, 1)
  const { text, command } = adviseOn(pipeline, 'local')
  assert.match(
    text,
    /^The workers are the bottleneck: .* 1 replica of rng × 10\/s is 33 % busy\. Add workers \(in a second terminal\):$/,
  )
  assert.equal(command, 'npm run scale -- worker=3')
})

test('with batches limits count hashes, and services requests', () => {
  const [plain] = reports(1, 3.31, 0)
  const pipeline = describePipeline([{ ...plain!, hashes: 33.1, hashesPerUnit: 10 }], one)
  near(pipeline.limit, 33.1)
  near(pipeline.unitMs, 302)
  near(pipeline.worker.perSecond, 3.31)
  near(pipeline.rng.limit, 10)
  assert.equal(pipeline.hashesPerUnit, 10)
  assert.equal(adviseOn(pipeline, 'local').command, 'npm run scale -- worker=3')
})

test('where workers make batches of different sizes, a unit makes what it does on average', () => {
  const [plain, batched] = reports(2, 3, 0)
  const pipeline = describePipeline([plain!, { ...batched!, hashes: 27, hashesPerUnit: 9 }], one)
  near(pipeline.hashesPerUnit, 5)
  near(pipeline.worker.perSecond, 6)
  near(pipeline.limit, 5 * Math.max(6, 2 / 0.302))
})

test('ten workers fill one rng, and three of it are advised', () => {
  const pipeline = describePipeline(reports(10, 1, 698), one)
  assert.equal(pipeline.bottleneck, 'rng')
  near(pipeline.limit, 10)
  near(pipeline.rng.share, 0.8)
  const { text, command } = adviseOn(pipeline, 'compose')
  assert.equal(
    text,
    'rng is the bottleneck: 1 replica of rng × 10/s is 100 % busy, and requests wait 698 ms. Add replicas:',
  )
  assert.equal(command, 'RNG_PORT=0 docker compose up -d --scale worker=10 --scale rng=3')
})

test('ten workers and three of rng fit each other', () => {
  const pipeline = describePipeline(reports(10, 3, 31), { ...one, rng: ['rng-1', 'rng-2', 'rng-10'] })
  assert.equal(pipeline.bottleneck, 'none')
  near(pipeline.limit, 30)
  assert.match(adviseOn(pipeline, 'kubernetes').text, /^Workers and rng fit each other/)
  assert.equal(
    adviseOn(pipeline, 'kubernetes').command,
    'kubectl scale deployment worker --replicas=20 && kubectl scale deployment rng --replicas=6',
  )
  assert.deepEqual(pipeline.rng.replicas, ['rng-1', 'rng-2', 'rng-10'])
})

test('where nobody says how many are served at a time, only the loops set a limit', () => {
  const pipeline = describePipeline(reports(2, 3.31, 0, 0), one)
  assert.equal(pipeline.rng.limit, undefined)
  near(pipeline.limit, 6.62)
  assert.match(adviseOn(pipeline, 'local').text, /rng has no limit of its own/)
  assert.equal(adviseOn(pipeline, 'local').command, 'npm run scale -- worker=4')
})

test('replicas that share a name are not told a limit that they exceed', () => {
  const pipeline = describePipeline(reports(10, 2, 350), one)
  assert.equal(pipeline.rng.limit, undefined)
})

test('a worker that is to be started leaves the others as they are', () => {
  const { command } = advise(describePipeline([], { rng: [], hasher: [] }), 'compose', { rng: 3, hasher: 1 })
  assert.equal(command, 'RNG_PORT=0 docker compose up -d --scale worker=1 --scale rng=3')
})

test('no worker, and workers that get nothing done, are said as such', () => {
  const nobody = describePipeline([], { rng: [], hasher: [] })
  assert.equal(nobody.bottleneck, undefined)
  assert.match(adviseOn(nobody, 'local').text, /^No worker is running/)
  const idle = describePipeline(reports(2, 0, 0), one)
  assert.equal(idle.limit, 0)
  assert.match(adviseOn(idle, 'local').text, /no unit of work comes to an end/)
})

/** The reports of workers whose services send no Server-Timing: all their time counts as network time. */
function untimed(workers: number, each: number, rngMs: number): Report[] {
  return Array.from(reports(workers, each, 0, 0), (report) => ({
    ...report,
    rng: { ...report.rng, workMs: 0, networkMs: each * rngMs },
    hasher: { ...report.hasher, workMs: 0, networkMs: each * 100 },
  }))
}

test('a service without Server-Timing is the bottleneck when loops spend most of their time on it', () => {
  const pipeline = describePipeline(untimed(10, 1, 800), one)
  assert.equal(pipeline.bottleneck, 'rng')
  near(pipeline.rng.share, 0.8)
  assert.match(
    adviseOn(pipeline, 'compose').text,
    /^rng is the bottleneck: loops spend 80 % of their time on it, and it/,
  )
  assert.match(String(adviseOn(pipeline, 'compose').command), /--scale rng=2$/)
})

test('services without Server-Timing of which none takes most of the time leave room for workers', () => {
  const pipeline = describePipeline(untimed(1, 3.3, 100), one)
  assert.equal(pipeline.bottleneck, 'worker')
  assert.doesNotMatch(adviseOn(pipeline, 'local').text, /hardly wait|busy|limit/)
})

test('nothing is said of how busy a service is that workers which do not report may use as well', () => {
  const pipeline = describePipeline(reports(1, 1, 698), one, { foreignSpeed: 9 })
  assert.equal(pipeline.bottleneck, 'rng')
  assert.equal(pipeline.rng.busy, undefined)
  near(pipeline.limit, 10)
  const { text } = adviseOn(pipeline, 'local')
  assert.match(
    text,
    /^rng is the bottleneck: requests wait 698 ms, and workers that do not report may use it as well\./,
  )
})

test('workers that do not report are not called nothing', () => {
  const none = { rng: [], hasher: [] }
  const alone = describePipeline([], none, { foreignSpeed: 3.3 })
  assert.match(adviseOn(alone, 'local').text, /^Only workers that do not report are mining/)
  const unknown = describePipeline([], none, { foreignSpeed: null })
  assert.doesNotMatch(adviseOn(unknown, 'local').text, /nothing is mined/)
})

test('pauses that take longer than they are set to are those of a busy machine, and no worker is advised', () => {
  const late = reports(2, 3, 0)
  for (const report of late) report.pauseMs = 3 * 126
  const pipeline = describePipeline(late, one)
  assert.equal(pipeline.bottleneck, 'machine')
  const { text, command } = adviseOn(pipeline, 'local')
  assert.match(text, /^This machine is busy: pauses that are set to 100 ms take 126 ms\./)
  assert.equal(command, undefined)
  for (const report of late) delete report.delayMs
  assert.equal(describePipeline(late, one).bottleneck, 'worker')
})

test('a verdict stands until the figures are clearly others', () => {
  const near20 = reports(10, 2, 70)
  const names = { ...one, rng: ['rng-1', 'rng-2', 'rng-3'] }
  assert.notEqual(describePipeline(near20, names).bottleneck, 'rng')
  assert.equal(describePipeline(near20, names, { held: 'rng' }).bottleneck, 'rng')
})

test('a service that is not full is not called the bottleneck and free in one sentence', () => {
  const pipeline = describePipeline(reports(2, 1, 500), one)
  assert.equal(pipeline.bottleneck, 'rng')
  assert.match(adviseOn(pipeline, 'local').text, /^rng is the bottleneck: requests wait 500 ms\./)
})

test('a snapshot names a hundred replicas at most, and counts them all', () => {
  const names = { ...one, rng: Array.from({ length: 250 }, (_, index) => `rng-${index}`) }
  const { rng, worker } = describePipeline(reports(2500, 1, 0), names)
  assert.deepEqual([rng.count, rng.replicas.length], [250, 100])
  assert.deepEqual([worker.count, worker.replicas.length], [2500, 100])
})

test('the platform decides the words, and where it is not known there is no command', () => {
  const pipeline = describePipeline(reports(10, 1, 698), one)
  assert.equal(adviseOn(pipeline, 'swarm').command, 'docker service scale dockercoins_rng=3')
  const { text, command } = adviseOn(pipeline, 'container')
  assert.equal(command, undefined)
  assert.match(text, /Add replicas\.$/)
  assert.doesNotMatch(text, /npm/)
})
