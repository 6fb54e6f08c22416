import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Pipeline } from './api.ts'
import { createTimeline } from './timeline.ts'

const stage = (count: number) => ({ count, notResponding: 0 })

/** What a timeline reads of a pipeline. */
function pipeline(workers: number, rng = 1, delayMs = 100, pauseMs = delayMs, names = ['r1']): Pipeline {
  const worker = { ...stage(workers), perSecond: 10, serviceMs: pauseMs }
  const revisions = names.map((name) => ({ name, workers, perSecond: 10 }))
  const counts = { worker, revisions, rng: stage(rng), hasher: stage(1), loops: workers }
  return { ...counts, delayMs, foreignSpeed: 0, capacity: 10 } as Pipeline
}

/** Adds one snapshot per second from second 1000, of the numbers of rng given. */
function follow(rngs: number[]) {
  const timeline = createTimeline()
  for (const [second, rng] of rngs.entries()) timeline.add(1000 + second, second, pipeline(1, rng), true)
  return timeline
}

test('replicas that appear one by one give one mark, at the first of them', () => {
  const { marks } = follow([1, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 4]).window(1000, 60)
  assert.deepEqual(marks, [{ at: 1005, text: 'rng 1 → 4' }])
})

test('a change that does not last gives no mark', () => {
  assert.deepEqual(follow([1, 1, 1, 1, 2, 2, 1, 1, 1, 1]).window(1000, 60).marks, [])
})

test('replicas that are found while the web UI starts give no mark', () => {
  assert.deepEqual(follow([0, 1, 2, 3, 3, 3, 3, 3]).window(1000, 60).marks, [])
})

test('while no worker runs, nothing is known of rng', () => {
  const timeline = follow([3, 3, 3, 3])
  for (let at = 1004; at < 1010; at++) timeline.add(at, 0, pipeline(0, 0), true)
  assert.deepEqual(timeline.window(1000, 60).marks, [{ at: 1004, text: 'workers 1 → 0' }])
})

test('a fault on purpose is marked when it begins and when it ends', () => {
  const timeline = createTimeline()
  for (let second = 0; second < 12; second++) {
    const rng = { ...stage(1), ...(second >= 4 && second < 8 && { fault: 'errors 10 %' }) }
    timeline.add(1000 + second, 0, { ...pipeline(1), rng } as Pipeline, true)
  }
  assert.deepEqual(timeline.window(1000, 60).marks, [
    { at: 1004, text: 'fault of rng none → errors 10 %' },
    { at: 1008, text: 'fault of rng errors 10 % → none' },
  ])
})

test('an outage has two marks in order, and changes after it come later', () => {
  const timeline = follow([1, 1, 1, 1])
  timeline.add(1014, 0, pipeline(1, 3), true)
  timeline.addOutage(1004, 1014)
  for (let at = 1015; at < 1020; at++) timeline.add(at, 0, pipeline(1, 3), true)
  const { marks, outages } = timeline.window(1000, 60)
  assert.deepEqual(
    marks.map(({ text }) => text),
    ['ledger lost', 'ledger recovered', 'rng 1 → 3'],
  )
  assert.deepEqual(outages, [{ from: 1004, until: 1014 }])
})

test('a pause of 0 is a change, and one that is not known is none', () => {
  const timeline = createTimeline()
  const pauses = [100, 100, 100, 100, 0, 0, 0, 0]
  for (const [second, pause] of pauses.entries()) timeline.add(1000 + second, 0, pipeline(1, 1, pause), true)
  // A worker of an older version does not report its delay.
  for (let at = 1008; at < 1016; at++) timeline.add(at, 0, pipeline(1, 1, 0, 50), true)
  assert.deepEqual(timeline.window(1000, 60).marks, [{ at: 1004, text: 'pause in ms 100 → 0' }])
})

test('a change that takes long to become steady is among the marks that became known since', () => {
  const timeline = follow([1, 1, 1, 1])
  for (let at = 1004; at < 1100; at++) timeline.add(at, 0, pipeline(1, Math.min(40, (at - 1000) >> 1)), true)
  assert.deepEqual(timeline.window(1080, 20).marks, [{ at: 1004, text: 'rng 1 → 40' }])
})

test('a clock that is set back removes what is later', () => {
  const timeline = follow([1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
  timeline.add(1002, 0, pipeline(1, 2), true)
  const { marks, capacity } = timeline.window(1000, 60)
  assert.deepEqual(marks, [])
  assert.equal(capacity.filter((level) => level !== null).length, 3)
})

test('an emptied ledger gives no classic speed, and neither does the first number', () => {
  const timeline = createTimeline()
  for (const [second, hashes] of [10, 14, 0, 3].entries()) timeline.add(1000 + second, hashes, pipeline(1), true)
  assert.deepEqual(timeline.window(1000, 5).classic, [null, 4, null, 3, null])
})

test('an hour of seconds and a hundred marks and outages are kept', () => {
  const timeline = createTimeline()
  for (let second = 0; second < 4000; second++) {
    timeline.add(1000 + second, 0, pipeline(1, 1 + (Math.floor(second / 5) % 2)), true)
  }
  const { marks, capacity } = timeline.window(0, 6000)
  assert.equal(marks.length, 100)
  assert.equal(capacity.filter((level) => level !== null).length, 3600)
  for (let at = 4000; at < 4200; at++) timeline.addOutage(at, at + 1)
  assert.deepEqual([timeline.window(0, 1).marks.length, timeline.window(0, 1).outages.length], [100, 100])
})

test('workers of another revision are marked when they come, and when they are the only ones', () => {
  const timeline = createTimeline()
  for (let second = 0; second < 15; second++) {
    const names = second < 5 ? ['r1'] : second < 10 ? ['r2', 'r1'] : ['r2']
    timeline.add(1000 + second, second, pipeline(2, 1, 100, 100, names), true)
  }
  assert.deepEqual(timeline.window(1000, 60).marks, [
    { at: 1005, text: 'revision r1 → r1 + r2' },
    { at: 1010, text: 'revision r1 + r2 → r2' },
  ])
})
