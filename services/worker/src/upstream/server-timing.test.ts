import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseServerTiming } from './server-timing.ts'

test('the time in line and at work are read, in milliseconds, and how many are served at a time', () => {
  const timing = parseServerTiming('queue;dur=629.1, work;dur=100.2, concurrency;desc=20')
  assert.deepEqual(timing, { queueMs: 629.1, workMs: 100.2, concurrency: 20 })
  assert.deepEqual(parseServerTiming('db;dur=5, work;dur=7'), { queueMs: 0, workMs: 7, concurrency: 0 })
})

test('what is absent or makes no sense counts as nothing', () => {
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
    assert.deepEqual(parseServerTiming(header), { queueMs: 0, workMs: 0, concurrency: 0 }, String(header))
  }
})
