import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatAge, formatCount, formatMs, formatPart, formatRate } from './format.ts'

test('rates have three significant digits', () => {
  assert.deepEqual([0, 3.3333, 9.99, 9.996, 33.333, 99.96, 127.4, 12_345.6].map(formatRate), [
    '0.00',
    '3.33',
    '9.99',
    '10.0',
    '33.3',
    '100',
    '127',
    '12,346',
  ])
})

test('times, parts, ages and counts are short', () => {
  assert.deepEqual([0, 0.0634, 1.54, 9.96, 629.1, 1004, 12_345].map(formatMs), [
    '0.0 ms',
    '0.1 ms',
    '1.5 ms',
    '10 ms',
    '629 ms',
    '1,004 ms',
    '12.3 s',
  ])
  assert.deepEqual([0, 0.333, 0.994, 0.995, 1].map(formatPart), ['0 %', '33 %', '99 %', '100 %', '100 %'])
  assert.deepEqual([-1, 0, 59.9, 60, 3599, 7200].map(formatAge), ['0 s', '0 s', '59 s', '1 min', '59 min', '2 h'])
  assert.equal(formatCount(1_234_567), '1,234,567')
})
