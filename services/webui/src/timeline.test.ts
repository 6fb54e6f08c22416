import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import type { Pipeline, Stage } from './api.ts'
import { createTimeline } from './timeline.ts'

/** A pipeline of so many workers with one loop each, and of so many replicas. */
function pipelineOf(workers: number, rng = 1, hasher = 1): Pipeline {
  return {
    loops: workers,
    delayMs: 100,
    worker: stage(workers),
    rng: stage(rng),
    hasher: stage(hasher),
    foreignSpeed: 0,
    capacity: 10,
  } as Pipeline
}

function stage(count: number): Stage {
  return { count } as Stage
}

function textsOf({ marks }: { marks: { text: string }[] }): string[] {
  return marks.map(({ text }) => text)
}

test('workers that appear one by one give one mark, at the moment of the first', () => {
  const timeline = createTimeline()
  for (const [second, workers] of [1, 2, 6, 10, 10, 10, 10, 10].entries())
    timeline.add(1000 + second, 0, pipelineOf(workers), true)
  assert.deepEqual(timeline.window(900, 200).marks, [{ at: 1001, text: 'workers 1 → 10' }])
})

test('a change that does not last gives no mark', () => {
  const timeline = createTimeline()
  for (const [second, rng] of [1, 2, 1, 1, 1, 1].entries()) timeline.add(1000 + second, 0, pipelineOf(10, rng), true)
  assert.deepEqual(timeline.window(900, 200).marks, [])
})

test('rng and hasher, which only workers report, are not marked as gone when no worker runs', () => {
  const timeline = createTimeline()
  const counts = [...Array<number>(3).fill(1), ...Array<number>(6).fill(0), ...Array<number>(6).fill(2)]
  for (const [second, workers] of counts.entries())
    timeline.add(1000 + second, 0, workers > 0 ? pipelineOf(workers) : pipelineOf(0, 0, 0), true)
  assert.deepEqual(textsOf(timeline.window(900, 200)), ['workers 1 → 0', 'workers 0 → 2'])
})

test('while workers have yet to report after an outage, nothing counts as changed', () => {
  const timeline = createTimeline()
  timeline.add(1000, 0, pipelineOf(10), true)
  timeline.addOutage(1001, 1005)
  for (let second = 1005; second < 1015; second++) timeline.add(second, 0, pipelineOf(2), false)
  for (let second = 1015; second < 1020; second++) timeline.add(second, 0, pipelineOf(10), true)
  const { marks, outages } = timeline.window(900, 200)
  assert.deepEqual(marks, [
    { at: 1001, text: 'ledger lost' },
    { at: 1005, text: 'ledger recovered' },
  ])
  assert.deepEqual(outages, [{ from: 1001, until: 1005 }])
})

test('the classic speed is the difference of two counters, and is not known after a gap or a reset', () => {
  const timeline = createTimeline()
  for (const [now, hashes] of [
    [1000, 100],
    [1001, 104],
    [1002, 104],
    [1009, 130],
    [1010, 0],
    [1011, 3],
  ] as const)
    timeline.add(now, hashes, pipelineOf(1), true)
  const { classic } = timeline.window(1000, 12)
  assert.deepEqual(classic, [null, 4, 0, null, null, null, null, null, null, null, null, 3])
})

test('a clock that was set back removes what was recorded later', () => {
  const timeline = createTimeline()
  timeline.addOutage(4000, 4001)
  timeline.add(5000, 0, pipelineOf(1), true)
  timeline.add(1400, 0, pipelineOf(1), true)
  const { capacity, marks, outages } = timeline.window(1400, 3601)
  assert.deepEqual([capacity[0], capacity.at(-1), marks, outages], [10, null, [], []])
})

test('whatever happens, a window has as many seconds as asked for, and no list grows without bound', () => {
  const event = fc.record({ step: fc.integer({ min: -50, max: 5000 }), workers: fc.nat(3), lost: fc.boolean() })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 400 }), (events) => {
      const timeline = createTimeline()
      let now = 1_000_000
      for (const { step, workers, lost } of events) {
        now += step / 10
        if (lost) timeline.addOutage(now - 1, now)
        timeline.add(now, 0, pipelineOf(workers), true)
      }
      const { foreign, capacity, classic, marks, outages } = timeline.window(Math.floor(now) - 3600, 3600)
      for (const levels of [foreign, capacity, classic]) assert.equal(levels.length, 3600)
      assert.ok(marks.length <= 102 && outages.length <= 100)
      assert.ok(marks.every(({ at }) => at <= now))
    }),
    { numRuns: 50 },
  )
})
