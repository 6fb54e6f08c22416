import assert from 'node:assert/strict'
import { test } from 'node:test'

import { compareAround } from './compare.ts'

/** 3 hashes per second until second 100, a climb of 4 seconds, then 10; 5 from second 200. */
const speedAt = (second: number) => (second >= 200 ? 5 : second >= 104 ? 10 : second >= 100 ? 6 : 3)
const read = (until: number, count: number) =>
  Array.from({ length: count }, (_, index) => speedAt(until - count + index))
const gaps = (until: number, count: number) => read(until, count).map((speed, i) => (i % 2 === 0 ? speed : null))

test('the means before and after a change leave out the seconds around it', () => {
  assert.deepEqual(compareAround(100, [100], 150, read), {
    before: { from: 38, until: 98, mean: 3 },
    after: { from: 105, until: 150, mean: 10 },
  })
})

test('a mean ends before the next change and begins after the previous one', () => {
  const { before, after } = compareAround(150, [100, 200], 300, read)
  assert.deepEqual(before, { from: 105, until: 148, mean: 10 })
  assert.deepEqual(after, { from: 155, until: 198, mean: 10 })
})

test('changes beside the pin belong to it', () => {
  const { before, after } = compareAround(103, [100, 106], 300, read)
  assert.deepEqual(before, { from: 38, until: 98, mean: 3 })
  assert.deepEqual(after, { from: 111, until: 171, mean: 10 })
})

test('a moment just pinned has no mean after it yet', () => {
  assert.equal(compareAround(100, [], 106, read).after, undefined)
})

test('seconds that are not known are in no mean', () => {
  assert.deepEqual(compareAround(100, [], 200, gaps).before, { from: 38, until: 98, mean: 3 })
  assert.deepEqual(
    compareAround(100, [], 200, (_, count) => Array<null>(count).fill(null)),
    {
      before: undefined,
      after: undefined,
    },
  )
})
