import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { Problem } from '@dockercoins/service'
import * as fc from 'fast-check'

import { createQueue } from './queue.ts'

const staying = new AbortController().signal

test('requests are served in the order in which they came', async () => {
  const queue = createQueue({ delayMs: 1, concurrency: 1, maxQueue: 10 })
  const served: number[] = []
  await Promise.all([1, 2, 3, 4].map((number) => queue.enter(staying).then(() => served.push(number))))
  assert.deepEqual(served, [1, 2, 3, 4])
})

test('at most CONCURRENCY requests are served at a time', async () => {
  const queue = createQueue({ delayMs: 1, concurrency: 3, maxQueue: 10 })
  const entered = Array.from({ length: 8 }, () => queue.enter(staying))
  assert.deepEqual([queue.serving, queue.waiting], [3, 5])
  await Promise.all(entered)
  assert.deepEqual([queue.serving, queue.waiting], [0, 0])
})

test('a full queue refuses a request, and Retry-After is half the time that the queue takes', async () => {
  const queue = createQueue({ delayMs: 3000, concurrency: 1, maxQueue: 1 })
  const leaving = new AbortController()
  const entered = [queue.enter(leaving.signal), queue.enter(leaving.signal)]
  await assert.rejects(queue.enter(staying), (error: unknown) => {
    assert.ok(error instanceof Problem)
    assert.equal(error.statusCode, 503)
    assert.equal(error.headers['retry-after'], '1')
    return true
  })
  leaving.abort()
  await Promise.allSettled(entered)
})

test('a client that goes away leaves the queue at once, and the next is served in its place', async () => {
  const queue = createQueue({ delayMs: 1, concurrency: 1, maxQueue: 10 })
  const first = queue.enter(staying)
  const leaving = new AbortController()
  const impatient = queue.enter(leaving.signal)
  const patient = queue.enter(staying)
  leaving.abort(new Error('gone'))
  assert.equal(queue.waiting, 1)
  await assert.rejects(impatient, /gone/)
  await Promise.all([first, patient])
  assert.equal(queue.serving, 0)
})

test('a closed queue refuses waiting and new requests, and serves those being served', async () => {
  const queue = createQueue({ delayMs: 1, concurrency: 1, maxQueue: 10 })
  const first = queue.enter(staying)
  const second = queue.enter(staying)
  queue.close()
  await assert.rejects(second, /stopping/)
  await assert.rejects(queue.enter(staying), /stopping/)
  await first
})

test('whatever number of clients come and go, each that stays is served and no place is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ how: fc.constantFrom('work', 'pass'), leaves: fc.boolean() }), { maxLength: 30 }),
      async (concurrency, clients) => {
        const queue = createQueue({ delayMs: 1, concurrency, maxQueue: 100 })
        let served = 0
        const entered = clients.map(async ({ how, leaves }) => {
          const leaving = new AbortController()
          const entry = queue.enter(leaving.signal, how).then(
            () => served++,
            () => {},
          )
          if (leaves) void setImmediate().then(() => leaving.abort())
          assert.ok(queue.serving <= concurrency)
          await entry
        })
        await Promise.all(entered)
        assert.deepEqual([queue.serving, queue.waiting], [0, 0])
        assert.ok(served >= clients.filter(({ leaves }) => !leaves).length)
      },
    ),
    { numRuns: 50 },
  )
})
