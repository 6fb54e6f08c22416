import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { summarize } from './stats.ts'

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.deepEqual(summarize([3, 1, 2]), { median: 2, min: 1, max: 3 })
  assert.deepEqual(summarize([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 })
  assert.deepEqual(summarize([7]), { median: 7, min: 7, max: 7 })
})

test('as many values lie below the median as above it, whatever they are', () => {
  const values = fc.array(fc.integer(), { minLength: 1 })
  fc.assert(
    fc.property(values, (all) => {
      const { median, min, max } = summarize(all)
      assert.equal(all.filter((value) => value < median).length <= all.length / 2, true)
      assert.equal(all.filter((value) => value > median).length <= all.length / 2, true)
      assert.ok(min <= median && median <= max)
    }),
  )
})
