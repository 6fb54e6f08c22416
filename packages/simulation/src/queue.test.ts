import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { Problem } from '@dockercoins/service'
import * as fc from 'fast-check'

import { createLine } from './queue.ts'

const staying = new AbortController().signal

test('requests are served in the order in which they came', async () => {
  const line = createLine({ delayMs: 1, concurrency: 1, maxQueue: 10 })
  const served: number[] = []
  await Promise.all([1, 2, 3, 4].map((number) => line.turn(staying).then(() => served.push(number))))
  assert.deepEqual(served, [1, 2, 3, 4])
})

test('no more are served at a time than there are places', async () => {
  const line = createLine({ delayMs: 1, concurrency: 3, maxQueue: 10 })
  const turns = Array.from({ length: 8 }, () => line.turn(staying))
  assert.deepEqual([line.serving, line.waiting], [3, 5])
  await Promise.all(turns)
  assert.deepEqual([line.serving, line.waiting], [0, 0])
})

test('one more than may wait is told in Retry-After to come back when half of the queue is done', async () => {
  const line = createLine({ delayMs: 3000, concurrency: 1, maxQueue: 1 })
  const leaving = new AbortController()
  const turns = [line.turn(leaving.signal), line.turn(leaving.signal)]
  await assert.rejects(line.turn(staying), (error: unknown) => {
    assert.ok(error instanceof Problem)
    assert.equal(error.status, 503)
    assert.equal(error.headers['retry-after'], '1')
    return true
  })
  leaving.abort()
  await Promise.allSettled(turns)
})

test('whoever goes away leaves the line at once, and the next is served in its place', async () => {
  const line = createLine({ delayMs: 1, concurrency: 1, maxQueue: 10 })
  const first = line.turn(staying)
  const leaving = new AbortController()
  const impatient = line.turn(leaving.signal)
  const patient = line.turn(staying)
  leaving.abort(new Error('gone'))
  assert.equal(line.waiting, 1)
  await assert.rejects(impatient, /gone/)
  await Promise.all([first, patient])
  assert.equal(line.serving, 0)
})

test('a closed line sends away all who wait and all who come, and serves whom it was serving', async () => {
  const line = createLine({ delayMs: 1, concurrency: 1, maxQueue: 10 })
  const first = line.turn(staying)
  const second = line.turn(staying)
  line.close()
  await assert.rejects(second, /stopping/)
  await assert.rejects(line.turn(staying), /stopping/)
  await first
})

test('however many come and go, everybody who stays is served and no place is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ how: fc.constantFrom('work', 'pass'), leaves: fc.boolean() }), { maxLength: 30 }),
      async (concurrency, clients) => {
        const line = createLine({ delayMs: 1, concurrency, maxQueue: 100 })
        let served = 0
        const turns = clients.map(async ({ how, leaves }) => {
          const leaving = new AbortController()
          const turn = line.turn(leaving.signal, how).then(
            () => served++,
            () => {},
          )
          if (leaves) void setImmediate().then(() => leaving.abort())
          assert.ok(line.serving <= concurrency)
          await turn
        })
        await Promise.all(turns)
        assert.deepEqual([line.serving, line.waiting], [0, 0])
        assert.ok(served >= clients.filter(({ leaves }) => !leaves).length)
      },
    ),
    { numRuns: 50 },
  )
})
