import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createSeries, raise, sum, summarize } from './series.ts'

test('a second that is not known is a gap and not zero', () => {
  const series = createSeries()
  series.add(100, [1, 2])
  series.add(104, [0])
  assert.deepEqual(series.window(106, 7), [null, 1, 2, null, null, 0, null])
  assert.equal(series.until, 105)
})

test('speeds that come again replace earlier ones', () => {
  const series = createSeries()
  series.add(100, [1, 2, 3])
  series.add(101, [5])
  assert.deepEqual(series.window(103, 3), [1, 5, 3])
})

test('null leaves what was known before', () => {
  const series = createSeries()
  series.add(100, [1, 2])
  series.add(99, [null, null, null, null])
  assert.deepEqual(series.window(103, 4), [null, 1, 2, null])
})

test('when the clock is set back, later seconds are forgotten and come again', () => {
  const series = createSeries()
  series.add(5000, [1, 2, 3])
  series.forgetFrom(1400)
  assert.equal(series.until, 1400)
  series.add(1400, [7])
  assert.equal(series.until, 1401)
  assert.deepEqual(series.window(5003, 3), [null, null, null])
})

test('seconds older than an hour are forgotten', () => {
  const series = createSeries()
  series.add(0, [7, 8])
  series.add(3600, [9])
  assert.deepEqual(series.window(2, 2), [null, 8])
})

test('a summary has the mean, the lowest and the highest of each part, and none where nothing is known', () => {
  assert.deepEqual(summarize(10, [1, 3, null, null], 2), [{ from: 10, mean: 2, lowest: 1, highest: 3 }, { from: 12 }])
})

test('the last part of a summary may be shorter than the others', () => {
  const parts = summarize(10, [1, 1, 1, 3], 3)
  assert.deepEqual(
    parts.map(({ from, mean }) => [from, mean]),
    [
      [10, 1],
      [13, 3],
    ],
  )
})

test('a series begins at the first second that is known, and an hour before its end at the earliest', () => {
  const series = createSeries()
  assert.equal(series.since, Infinity)
  series.add(100, [null, null, 7])
  assert.equal(series.since, 102)
  series.add(4000, [8])
  assert.equal(series.since, 401)
  series.forgetFrom(300)
  assert.equal(series.since, Infinity)
})

test('the capacity is never below the speed, and a gap where it is not known', () => {
  assert.deepEqual(raise([null, 10, 10, 10], [9, 9, 10.4, null]), [null, 10, 10.4, 10])
})

test('the speed of all workers is a gap only where neither speed is known', () => {
  assert.deepEqual(sum([1, null, null, 2, null], [2, 3, null, null, 0]), [3, 3, null, 2, null])
})
