import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseServerTiming } from './server-timing.ts'

test('the time in the queue, the service time and the concurrency are read', () => {
  const timing = parseServerTiming('queue;dur=629.1, work;dur=100.2, concurrency;desc=20', 1000)
  assert.deepEqual(timing, { queueMs: 629.1, workMs: 100.2, concurrency: 20, fault: '' })
  assert.deepEqual(parseServerTiming('db;dur=5, work;dur=7', 1000), {
    queueMs: 0,
    workMs: 7,
    concurrency: 0,
    fault: '',
  })
})

test('a fault on purpose is read, within bounds', () => {
  assert.equal(
    parseServerTiming('work;dur=7, fault;desc="500 ms slower, errors 10 %"', 9).fault,
    '500 ms slower, errors 10 %',
  )
  for (const text of ['fault', 'fault;desc=errors', `fault;desc="${'x'.repeat(101)}"`])
    assert.equal(parseServerTiming(text, 9).fault, '')
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
    assert.deepEqual(
      parseServerTiming(header, 1000),
      { queueMs: 0, workMs: 0, concurrency: 0, fault: '' },
      String(header),
    )
  }
})

test('no time is longer than that of the request', () => {
  const timing = parseServerTiming(`queue;dur=60, work;dur=9999999999999, concurrency;desc=${'9'.repeat(400)}`, 100)
  assert.deepEqual(timing, { queueMs: 60, workMs: 40, concurrency: 1e9, fault: '' })
})

test('the same header counts for each request within its own time', () => {
  const header = 'queue;dur=60, work;dur=30'
  assert.deepEqual(parseServerTiming(header, 100), { queueMs: 60, workMs: 30, concurrency: 0, fault: '' })
  assert.deepEqual(parseServerTiming(header, 50), { queueMs: 50, workMs: 0, concurrency: 0, fault: '' })
  assert.deepEqual(parseServerTiming(header, 100), { queueMs: 60, workMs: 30, concurrency: 0, fault: '' })
})
