import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { summarize, toCells } from './report.ts'

test('a row has the median and the range of all runs', () => {
  const row = { scenario: 'loops', name: '1 loop', unit: 'hashes/s', values: [2000, 14_321.4, 3000] }
  const cells = { scenario: 'loops', figure: '1 loop', unit: 'hashes/s' }
  assert.deepEqual(toCells(row), { ...cells, median: '3,000', range: '2,000 – 14,321', goal: '' })
})

test('a goal is met or missed', () => {
  const row = { scenario: 'loops', name: '1 loop', unit: '× the floor', values: [0.934] }
  assert.equal(toCells({ ...row, goal: { atLeast: 0.9 } })['goal'], 'met: at least 0.90')
  assert.equal(toCells({ ...row, goal: { atLeast: 0.95 } })['goal'], 'MISSED: at least 0.95')
  assert.equal(toCells({ ...row, goal: { atMost: 120 } })['goal'], 'met: at most 120')
  assert.equal(toCells({ ...row, goal: { atMost: 0.5 } })['goal'], 'MISSED: at most 0.50')
})

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.deepEqual(summarize([3, 1, 2]), { median: 2, min: 1, max: 3 })
  assert.deepEqual(summarize([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 })
  assert.deepEqual(summarize([7]), { median: 7, min: 7, max: 7 })
})

test('as many values are below the median as above it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (all) => {
      const { median, min, max } = summarize(all)
      assert.ok(all.filter((value) => value < median).length <= all.length / 2)
      assert.ok(all.filter((value) => value > median).length <= all.length / 2)
      assert.ok(min <= median && median <= max)
    }),
  )
})
