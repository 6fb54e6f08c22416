import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Pipeline, Stage } from '../src/api.ts'
import { findLimit } from './plan-limit.ts'

const stage: Stage = {
  count: 1,
  notResponding: 0,
  replicas: [],
  refusedPerSecond: 0,
  perSecond: 3.33,
  queueMs: 0,
  serviceMs: 100,
  networkMs: 0,
  share: 0.33,
  timed: true,
}
const pipeline: Pipeline = {
  loops: 1,
  hashesPerUnit: 1,
  unitMs: 300,
  delayMs: 100,
  worker: stage,
  rng: { ...stage, capacity: 10, busy: 0.33 },
  hasher: stage,
  entriesPerSecond: 1,
  foreignSpeed: 0,
  capacity: 3.33,
}
const plan = { workers: 1, loops: 1, rng: 1, hasher: 1, delayMs: 100 }

test('one worker limits the speed, ten are limited by one rng', () => {
  assert.equal(findLimit(plan, pipeline), 'workers')
  assert.equal(findLimit({ ...plan, workers: 10 }, pipeline), 'rng')
  assert.equal(findLimit({ ...plan, workers: 10, rng: 10 }, pipeline), 'workers')
})
