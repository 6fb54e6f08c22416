import assert from 'node:assert/strict'
import { test } from 'node:test'

import { placeLabels } from './mark-labels.ts'

/** In a graph of 400 pixels; labels are 50 wide and 10 apart. */
const place = (...lines: number[]) =>
  placeLabels(
    lines.map((x) => ({ x, width: 50 })),
    0,
    400,
    10,
  )

test('a label begins at its line', () => {
  assert.deepEqual(place(20, 200), [20, 200])
})

test('the newest of labels that would overlap is shown', () => {
  assert.deepEqual(place(20, 145, 200), [20, undefined, 200])
})

test('a label near the right edge moves to the left', () => {
  assert.deepEqual(place(380), [350])
})

test('a label wider than the graph is not shown', () => {
  assert.deepEqual(placeLabels([{ x: 10, width: 500 }], 0, 400, 10), [undefined])
})
