import assert from 'node:assert/strict'
import { test } from 'node:test'

import { placeLabels } from './mark-labels.ts'

test('a label begins at its line', () => {
  assert.deepEqual(
    placeLabels(
      [
        { x: 20, width: 50 },
        { x: 200, width: 50 },
      ],
      0,
      400,
    ),
    [20, 200],
  )
})

test('the newest of labels that would overlap is shown', () => {
  assert.deepEqual(
    placeLabels(
      [
        { x: 20, width: 50 },
        { x: 190, width: 50 },
        { x: 200, width: 50 },
      ],
      0,
      400,
    ),
    [20, undefined, 200],
  )
})

test('a label near the right edge moves to the left', () => {
  assert.deepEqual(placeLabels([{ x: 380, width: 50 }], 0, 400), [350])
})

test('a label wider than the graph is not shown', () => {
  assert.deepEqual(placeLabels([{ x: 10, width: 500 }], 0, 400), [undefined])
})
