import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseRetryAfter, parseServedBy } from './response-headers.ts'

test('a name longer than that of any host is cut', () => {
  assert.equal(parseServedBy('rng-1'), 'rng-1')
  assert.equal(parseServedBy('x'.repeat(8000))?.length, 253)
  assert.equal(parseServedBy(undefined), undefined)
})

const isBetween = (value: number | undefined, low: number, high: number) =>
  assert.ok(value !== undefined && value >= low && value <= high, `${value} is not between ${low} and ${high}`)

test('Retry-After is waited for in seconds or until a date, within bounds and with jitter', () => {
  isBetween(parseRetryAfter('2'), 2_000, 3_000)
  isBetween(parseRetryAfter('0'), 50, 75)
  isBetween(parseRetryAfter(new Date(Date.now() + 20_000).toUTCString()), 15_000, 30_000)
  isBetween(parseRetryAfter(new Date(0).toUTCString()), 50, 75)
  isBetween(parseRetryAfter('99999999999'), 30_000, 45_000)
})

test('a Retry-After that is absent or neither a number nor a date says nothing', () => {
  for (const header of [undefined, '', 'soon', '1.5', '1.5.x']) assert.equal(parseRetryAfter(header), undefined)
})
