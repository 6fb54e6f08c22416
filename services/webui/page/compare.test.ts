import assert from 'node:assert/strict'
import { test } from 'node:test'

import { compareAround } from './compare.ts'

const scaled = (...moments: number[]) => moments.map((at) => ({ at, text: 'rng 1 → 3' }))

/** 3 hashes per second until second 100, a climb of 4 seconds, then 10; 5 from second 200. */
const speedAt = (second: number) => (second >= 200 ? 5 : second >= 104 ? 10 : second >= 100 ? 6 : 3)
const read = (until: number, count: number) =>
  Array.from({ length: count }, (_, index) => speedAt(until - count + index))
const gaps = (until: number, count: number) => read(until, count).map((speed, i) => (i % 2 === 0 ? speed : null))

test('the means before and after a change leave out the seconds around it', () => {
  assert.deepEqual(compareAround(100, scaled(100), 150, read), {
    changes: scaled(100),
    before: { from: 38, until: 98, mean: 3 },
    after: { from: 105, until: 150, mean: 10 },
  })
})

test('a mean ends before the next change and begins after the previous one', () => {
  const { before, after } = compareAround(150, scaled(100, 200), 300, read)
  assert.deepEqual(before, { from: 105, until: 150, mean: 10 })
  assert.deepEqual(after, { from: 150, until: 198, mean: 10 })
})

test('changes beside the pin belong to it', () => {
  const { changes, before, after } = compareAround(103, scaled(100, 106), 300, read)
  assert.deepEqual(changes, scaled(100, 106))
  assert.deepEqual(before, { from: 38, until: 98, mean: 3 })
  assert.deepEqual(after, { from: 111, until: 171, mean: 10 })
})

test('a moment just pinned has no mean after it yet', () => {
  assert.equal(compareAround(100, [], 102, read).after, undefined)
})

test('where nothing changed, the means meet at the pin', () => {
  assert.deepEqual(compareAround(60, [], 100, read), {
    changes: [],
    before: { from: 0, until: 60, mean: 3 },
    after: { from: 60, until: 100, mean: 3 },
  })
})

test('seconds that are not known are in no mean', () => {
  assert.deepEqual(compareAround(100, [], 200, gaps).before, { from: 40, until: 100, mean: 3 })
  const nothing = compareAround(100, [], 200, (_, count) => Array<null>(count).fill(null))
  assert.deepEqual([nothing.before, nothing.after], [undefined, undefined])
})
