import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readFixture } from './fixtures/read.ts'
import { currentPlan, planCommands, predictSpeed, type Plan } from './plan.ts'

const one: Plan = { workers: 1, loops: 1, rng: 1, hasher: 1, delayMs: 100 }

const predictions: [from: string, to: string, change: Partial<Plan>][] = [
  ['one-worker', 'one-worker', {}],
  ['one-worker', 'ten-workers', { workers: 10 }],
  ['ten-workers', 'one-worker', { workers: 1 }],
  ['ten-workers', 'ten-workers-three-rng', { rng: 3 }],
  ['one-worker', 'ten-workers-three-rng', { workers: 10, rng: 3 }],
  ['one-worker', 'four-loops', { loops: 4 }],
]
for (const [from, to, change] of predictions) {
  test(`the speed of ${to} is predicted from ${from} within a tenth`, () => {
    const { pipeline } = readFixture(from)
    const { speed } = readFixture(to)
    const predicted = predictSpeed({ ...currentPlan(pipeline), ...change }, pipeline)
    assert.ok(Math.abs(predicted! - speed) < 0.1 * speed, `expected about ${speed}, got ${predicted}`)
  })
}

test('a late pause stays late by the same factor', () => {
  const { pipeline } = readFixture('one-worker')
  const late = { ...pipeline, worker: { ...pipeline.worker, serviceMs: 150 } }
  const halved = predictSpeed({ ...one, delayMs: 50 }, late)!
  const restMs = pipeline.rng.serviceMs + pipeline.rng.networkMs + pipeline.hasher.serviceMs + pipeline.hasher.networkMs
  assert.ok(Math.abs(halved - 1000 / (75 + restMs)) < 0.01)
})

test('nothing is predicted where no unit ended', () => {
  assert.equal(predictSpeed(one, readFixture('no-worker').pipeline), null)
})

test('the commands are those of the platform', () => {
  const wanted = { ...one, workers: 10, loops: 4, delayMs: 0 }
  assert.deepEqual(planCommands('kubernetes', one, wanted), [
    'kubectl scale deployment worker --replicas=10',
    'kubectl set env deployment/worker LOOPS=4 DELAY_MS=0',
  ])
  assert.deepEqual(planCommands('swarm', one, wanted), [
    'docker service scale dockercoins_worker=10',
    'docker service update --env-add LOOPS=4 --env-add DELAY_MS=0 dockercoins_worker',
  ])
  assert.deepEqual(planCommands('local', one, wanted), ['LOOPS=4 npm start -- --scale worker=10'])
  assert.match(planCommands('compose', one, wanted)[0]!, /^LOOPS=4 docker compose up -d .*--scale worker=10/)
  assert.deepEqual(planCommands('local', one, { ...one, workers: 10 }), ['npm run scale -- worker=10'])
  assert.deepEqual(planCommands('container', one, wanted), [])
  for (const platform of ['local', 'compose', 'swarm', 'kubernetes'] as const)
    assert.deepEqual(planCommands(platform, one, one), [])
})
