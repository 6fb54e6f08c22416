import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createSeries, raise, summarize } from './series.ts'

test('a second that nobody told of is a gap and not zero', () => {
  const series = createSeries()
  series.add(100, [1, 2])
  series.add(104, [0])
  assert.deepEqual(series.window(106, 7), [null, 1, 2, null, null, 0, null])
  assert.equal(series.until, 105)
})

test('what is told again replaces what was told before', () => {
  const series = createSeries()
  series.add(100, [1, 2, 3])
  series.add(101, [5])
  assert.deepEqual(series.window(103, 3), [1, 5, 3])
})

test('what is not known leaves what was known before', () => {
  const series = createSeries()
  series.add(100, [1, 2])
  series.add(99, [null, null, null, null])
  assert.deepEqual(series.window(103, 4), [null, 1, 2, null])
})

test('when the clock is set back, what follows is forgotten and comes again', () => {
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

test('a summary has the mean, the lowest and the highest of each part, and nothing where nothing is known', () => {
  assert.deepEqual(summarize(10, [1, 3, null, null], 2), [
    { from: 10, mean: 2, lowest: 1, highest: 3 },
    { from: 12, mean: undefined, lowest: undefined, highest: undefined },
  ])
})

test('the capacity is never below the speed, and a gap where it is not known', () => {
  assert.deepEqual(raise([null, 10, 10, 10], [9, 9, 10.4, null], [null, 0, 0, 12]), [null, 10, 10.4, 12])
})
