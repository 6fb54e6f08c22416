import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseRetryAfter, parseServedBy, parseServerTiming } from './response-headers.ts'

test('the time in the queue, the service time and the concurrency are read', () => {
  const timing = parseServerTiming('queue;dur=629.1, work;dur=100.2, concurrency;desc=20', 1000)
  assert.deepEqual(timing, { queueMs: 629.1, workMs: 100.2, concurrency: 20 })
  assert.deepEqual(parseServerTiming('db;dur=5, work;dur=7', 1000), { queueMs: 0, workMs: 7, concurrency: 0 })
})

test('a missing or invalid Server-Timing counts as 0', () => {
  for (const header of [
    undefined,
    '',
    'queue',
    'queue;dur=',
    'work;dur=-5',
    'xqueue;dur=3',
    'concurrency;desc=x',
    ['a', 'b'],
  ]) {
    assert.deepEqual(parseServerTiming(header, 1000), { queueMs: 0, workMs: 0, concurrency: 0 }, String(header))
  }
})

test('no time is longer than that of the request', () => {
  const timing = parseServerTiming(`queue;dur=60, work;dur=9999999999999, concurrency;desc=${'9'.repeat(400)}`, 100)
  assert.deepEqual(timing, { queueMs: 60, workMs: 40, concurrency: 1e9 })
})

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
  for (const header of [undefined, '', 'soon', '1.5.x']) assert.equal(parseRetryAfter(header), undefined)
})
