import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Pipeline, Stage, VerdictState } from '../src/api.ts'
import { countWaiting, findAlarms, flowOf, partsOfUnit } from './picture.ts'

const stage: Stage = {
  count: 1,
  notResponding: 0,
  replicas: [],
  refusedPerSecond: 0,
  perSecond: 10,
  queueMs: 600,
  serviceMs: 100,
  networkMs: 1,
  share: 0.5,
  timed: true,
}
const pipeline: Pipeline = {
  loops: 10,
  hashesPerUnit: 1,
  unitMs: 1000,
  delayMs: 100,
  worker: stage,
  revisions: [],
  rng: stage,
  hasher: { ...stage, queueMs: 0, notResponding: 1 },
  entriesPerSecond: 1,
  foreignSpeed: 0,
  capacity: 10,
}

test('as many requests wait as arrive during the wait', () => {
  assert.equal(countWaiting(stage), 6)
  assert.equal(countWaiting({ ...stage, queueMs: 1 }), 0)
})

test('more requests are drawn denser and faster, and none are not drawn', () => {
  const [few, many] = [flowOf(3.33), flowOf(33)]
  assert.ok(few && many)
  assert.ok(many.gap < few.gap)
  assert.ok(many.gap / many.seconds > few.gap / few.seconds)
  assert.equal(flowOf(0), undefined)
  assert.equal(flowOf(undefined), undefined)
})

test('a speed that varies a little does not restart the animation', () => {
  for (const speed of [1, 3.33, 6.66, 10, 20, 100]) assert.deepEqual(flowOf(speed * 0.98), flowOf(speed * 1.02))
})

test('only what holds others up is an alarm', () => {
  assert.deepEqual(alarms('well'), {})
  assert.deepEqual(alarms('worker'), {})
  assert.deepEqual(alarms('rng'), { rng: 'bottleneck' })
  assert.deepEqual(alarms('back-pressure'), { rng: 'queue full' })
  assert.deepEqual(alarms('not-responding'), { hasher: 'not responding' })
  assert.deepEqual(alarms('stuck'), { hasher: 'not responding' })
})

test('the full queue is that of the service that refuses, whose queue may be the shorter one', () => {
  const refusing = {
    ...pipeline,
    rng: { ...pipeline.rng, queueMs: 500 },
    hasher: { ...pipeline.hasher, refusedPerSecond: 5 },
  }
  assert.deepEqual(findAlarms({ state: 'back-pressure', sentence: '' }, refusing), { hasher: 'queue full' })
})

test('the parts of a unit are its whole time, and what follows a refusal is a wait', () => {
  const refusing = { ...pipeline, rng: { ...stage, refusedPerSecond: 5, networkMs: 1500 } }
  const [pause, waiting, served, ...rest] = partsOfUnit(refusing).map(({ ms }) => ms)
  assert.deepEqual([pause, waiting, served], [100, 2100, 100])
  assert.deepEqual(rest, [0, 101])
})

test('a busy machine is slow at the worker where pauses are late, else on the network', () => {
  assert.deepEqual(alarms('machine'), { rng: 'slow network', hasher: 'slow network' })
  const late = { ...pipeline, worker: { ...stage, serviceMs: 150 } }
  assert.deepEqual(findAlarms({ state: 'machine', sentence: '' }, late), { worker: 'slow' })
})

function alarms(state: VerdictState) {
  return findAlarms({ state, sentence: '' }, pipeline)
}
