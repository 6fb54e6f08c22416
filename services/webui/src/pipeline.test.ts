import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Report } from '@dockercoins/ledger'

import { advise } from './advice.ts'
import { describePipeline, type Pipeline } from './pipeline.ts'
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
    rng: upstream('rng-1', queueMs, concurrency),
    hasher: upstream('hasher-1', 0, concurrency === 0 ? 0 : 20),
    latestCoins: [],
  }))
}

const one = { rng: ['rng-1'], hasher: ['hasher-1'] }

function adviseOn(pipeline: Pipeline, platform: Platform) {
  return advise(pipeline, platform, { rng: pipeline.rng.replicas.length, hasher: pipeline.hasher.replicas.length })
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
    /^The workers are the bottleneck: .* 1 replica of rng × 10\/s is 33 % busy\. Add workers \(stop npm start with \^C first, and keep its other options\):$/,
  )
  assert.equal(command, 'npm start -- --scale worker=3')
})

test('with batches limits count hashes, and services requests', () => {
  const [plain] = reports(1, 3.31, 0)
  const pipeline = describePipeline([{ ...plain!, hashes: 33.1, hashesPerUnit: 10 }], one)
  near(pipeline.limit, 33.1)
  near(pipeline.unitMs, 302)
  near(pipeline.worker.perSecond, 3.31)
  near(pipeline.rng.limit, 10)
  assert.equal(pipeline.hashesPerUnit, 10)
  assert.equal(adviseOn(pipeline, 'local').command, 'npm start -- --scale worker=3')
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
  assert.equal(adviseOn(pipeline, 'local').command, 'npm start -- --scale worker=4')
})

test('replicas that share a name are not told a limit that they exceed', () => {
  const pipeline = describePipeline(reports(10, 2, 350), one)
  assert.equal(pipeline.rng.limit, undefined)
})

test('a worker that is to be started leaves the others as they are', () => {
  const { command } = advise(describePipeline([], { rng: [], hasher: [] }), 'local', { rng: 3, hasher: 1 })
  assert.equal(command, 'npm start -- --scale worker=1 --scale rng=3')
})

test('no worker, and workers that get nothing done, are said as such', () => {
  const nobody = describePipeline([], { rng: [], hasher: [] })
  assert.equal(nobody.bottleneck, undefined)
  assert.match(adviseOn(nobody, 'local').text, /^No worker is alive/)
  const idle = describePipeline(reports(2, 0, 0), one)
  assert.equal(idle.limit, 0)
  assert.match(adviseOn(idle, 'local').text, /no unit of work comes to an end/)
})
