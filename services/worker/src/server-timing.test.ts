import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseServerTiming } from './server-timing.ts'

test('the time in line and the time at work are read, in milliseconds', () => {
  assert.deepEqual(parseServerTiming('queue;dur=629.1, work;dur=100.2'), { queueMs: 629.1, workMs: 100.2 })
  assert.deepEqual(parseServerTiming('db;dur=5, work;dur=7'), { queueMs: 0, workMs: 7 })
})

test('what is absent or makes no sense counts as nothing', () => {
  for (const header of [undefined, '', 'queue', 'queue;dur=', 'work;dur=-5', 'xqueue;dur=3', ['a', 'b']]) {
    assert.deepEqual(parseServerTiming(header), { queueMs: 0, workMs: 0 }, String(header))
  }
})
