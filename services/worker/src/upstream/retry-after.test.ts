import assert from 'node:assert/strict'
import { test } from 'node:test'

import { retryAfterMs } from './retry-after.ts'

const isBetween = (value: number | undefined, low: number, high: number) =>
  assert.ok(value !== undefined && value >= low && value <= high, `${value} is not between ${low} and ${high}`)

test('Retry-After is waited for in seconds or until a date, within bounds and with jitter', () => {
  isBetween(retryAfterMs('2'), 2_000, 3_000)
  isBetween(retryAfterMs('0'), 50, 75)
  isBetween(retryAfterMs(new Date(Date.now() + 20_000).toUTCString()), 15_000, 30_000)
  isBetween(retryAfterMs(new Date(0).toUTCString()), 50, 75)
  isBetween(retryAfterMs('99999999999'), 30_000, 45_000)
})

test('a Retry-After that is absent or neither a number nor a date says nothing', () => {
  for (const header of [undefined, '', 'soon', '1.5.x']) assert.equal(retryAfterMs(header), undefined)
})
