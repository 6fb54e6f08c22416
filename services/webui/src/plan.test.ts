import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readFixture } from './fixtures/read.ts'
import { currentPlan, measureSince, predictLimit, predictSpeed, unpredictable } from './plan.ts'
import type { Plan } from './scale-command.ts'
import { findState } from './verdict.ts'

const one: Plan = { workers: 1, loops: 1, batch: 1, rng: 1, hasher: 1, delayMs: 100 }

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

test('nothing is predicted where it is not known how many replicas run', () => {
  const { pipeline } = readFixture('ten-workers')
  assert.equal(predictSpeed(one, { ...pipeline, rng: { ...pipeline.rng, count: 0 } }), null)
})

for (const [name, limit] of [
  ['one-worker', 'limited by workers'],
  ['ten-workers', 'limited by rng'],
  ['ten-workers-three-rng', 'workers and rng match'],
  ['hasher-concurrency-one', 'limited by hasher'],
] as const) {
  test(`what limits ${name} is the same in the planner and in the verdict`, () => {
    const { pipeline } = readFixture(name)
    assert.equal(predictLimit(currentPlan(pipeline), pipeline), limit)
    const states: Record<string, string> = { worker: 'limited by workers', well: 'workers and rng match' }
    const state = findState(pipeline)
    assert.equal(states[state] ?? `limited by ${state}`, limit)
  })
}

test('the speed of a plan is measured once it has settled', () => {
  const speeds = [...Array<number>(20).fill(3), ...Array<number>(9).fill(10), null, 11]
  assert.equal(measureSince(120, { from: 100, speeds: speeds.slice(0, 27) }), undefined)
  assert.equal(measureSince(119.5, { from: 100, speeds: speeds.slice(0, 28) }), 10)
  assert.equal(measureSince(120, { from: 100, speeds }), (4 * 10 + 11) / 5)
})

test('what cannot be distinguished is not predicted, and it says why', () => {
  for (const [name, reason] of [
    ['foreign-mixed', /^Workers that do not report/],
    ['ten-workers-untimed-rng', /^rng and hasher do not send Server-Timing/],
  ] as const) {
    const { pipeline } = readFixture(name)
    assert.equal(predictSpeed(currentPlan(pipeline), pipeline), null)
    assert.match(unpredictable(pipeline) ?? '', reason)
  }
  assert.equal(unpredictable(readFixture('ten-workers').pipeline), undefined)
})
