import assert from 'node:assert/strict'
import { test } from 'node:test'

import { bucketLength, chooseTop, chooseWindow, newestPoint, toCsv, viewOf } from './graph-view.ts'

const unknown = (count: number) => Array<null>(count).fill(null)

test('the window begins at the first entry and grows to the chosen length', () => {
  assert.deepEqual(chooseWindow(1000, 1100, 300), { from: 1000, until: 1100 })
  assert.deepEqual(chooseWindow(1000, 1400, 300), { from: 1100, until: 1400 })
})

test('the window of a fresh start has 30 seconds, which fill from the left', () => {
  assert.deepEqual(chooseWindow(1000, 1004, 300), { from: 1000, until: 1030 })
  assert.deepEqual(chooseWindow(Infinity, 1004, 300), { from: 1004, until: 1034 })
})

test('a window of buckets begins and ends with one', () => {
  assert.deepEqual(chooseWindow(0, 9_001, 3600), { from: 5400, until: 9010 })
})

test('up to 15 minutes have a point per second, an hour one per 10 seconds', () => {
  assert.equal(bucketLength({ from: 0, until: 900 }), 1)
  assert.equal(bucketLength({ from: 0, until: 3600 }), 10)
})

test('a point of a long window is a mean with the lowest and the highest, and the newest capacity', () => {
  const speeds = Array.from({ length: 1000 }, (_, second) => (second % 2 === 0 ? 8 : 12))
  const capacity = Array.from({ length: 1000 }, (_, second) => (second < 5 ? 20 : 30))
  const view = viewOf(
    { from: 0, until: 1000 },
    { measured: speeds, foreign: unknown(1000), capacity, classic: unknown(1000) },
  )
  assert.equal(view.x.length, 100)
  assert.deepEqual([view.x[0], view.measured[0], view.lowest[0], view.highest[0]], [5, 10, 8, 12])
  assert.equal(view.capacity[0], 30)
})

test('the speed of workers that do not report is stacked on the measured speed', () => {
  const seconds = { measured: [3, 3, null], foreign: [0, 2, 2], capacity: [4, 4, 4], classic: unknown(3) }
  const view = viewOf({ from: 0, until: 3 }, seconds)
  assert.deepEqual(view.total, [null, 5, 2])
  assert.deepEqual(view.base, [null, 3, 0])
  assert.deepEqual(view.capacity, [4, 5, 4])
  assert.deepEqual(newestPoint(view), { at: 2.5, speed: 2 })
})

test('the scale ends at a round number above the curve and the capacity', () => {
  assert.equal(chooseTop([9.8, null], [10]), 12)
  assert.equal(chooseTop([3.33], [3.4]), 4)
  assert.equal(chooseTop([240], [300]), 400)
})

test('a capacity of many times the speed is beyond the scale', () => {
  assert.equal(chooseTop([1], [50]), 1.2)
  assert.equal(chooseTop([0], [50]), 60)
})

test('there is no newest point where nothing is known', () => {
  const seconds = { measured: [null], foreign: [null], capacity: [null], classic: [null] }
  assert.equal(newestPoint(viewOf({ from: 0, until: 1 }, seconds)), undefined)
})

test('the CSV has a row per second, and an empty field where a figure is not known', () => {
  const seconds = { measured: [3.33333, null], foreign: [0, 0], capacity: [3.4, null], classic: [4, null] }
  const csv =
    'time,speed,capacity,foreign,classic\r\n1970-01-01T00:00:01.000Z,3.333,3.4,0,4\r\n1970-01-01T00:00:02.000Z,,,0,\r\n'
  assert.equal(toCsv({ from: 1, until: 3 }, seconds), csv)
})
