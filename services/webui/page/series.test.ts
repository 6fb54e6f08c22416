import assert from 'node:assert/strict'
import { test } from 'node:test'

import { classicSpeed, createSeries, raise, summarize } from './series.ts'

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

test('the capacity is never below the speed, and a gap where it is not known', () => {
  assert.deepEqual(raise([null, 10, 10, 10], [9, 9, 10.4, null], [null, 0, 0, 12]), [null, 10, 10.4, 12])
})

test('polling a counter once per second that moves by 4 every 1.2 s gives a saw-tooth', () => {
  const polls = Array.from({ length: 7 }, (_, now) => ({ now, hashes: 4 * Math.floor(now / 1.2) }))
  const speeds = polls.slice(1).map((after, index) => classicSpeed(polls[index]!, after))
  assert.deepEqual(speeds, [0, 4, 4, 4, 4, 4])
})

test('two polls at the same moment give no speed', () => {
  assert.equal(classicSpeed({ now: 1, hashes: 1 }, { now: 1, hashes: 2 }), null)
})
