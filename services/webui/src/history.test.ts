import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Ledger } from '@dockercoins/ledger'

import { createHistory } from './history.ts'
import { createTimeline } from './timeline.ts'

/** A ledger in which every second has its own time as its speed. */
function createStub() {
  const stub = {
    reads: 0,
    away: false,
    reports: () => Promise.resolve([]),
    speeds(from: number, count: number) {
      stub.reads++
      if (stub.away) return Promise.reject(new Error('away'))
      return Promise.resolve(Array.from({ length: count }, (_, index) => from + index))
    },
  }
  return stub
}

test('the ledger is read once per second, and each request gets the seconds that it asked for', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 5_000_500 })
  const ledger = createStub()
  const readHistory = createHistory(ledger as unknown as Ledger, createTimeline())
  const [minute, all] = await Promise.all([readHistory(60), readHistory(3600), readHistory(9999)])
  assert.equal(ledger.reads, 1)
  assert.deepEqual([minute.from, minute.speeds.length, minute.speeds[0]], [4939, 60, 4939])
  assert.deepEqual([all.from, all.speeds.length], [1399, 3600])
  t.mock.timers.setTime(5_001_500)
  await readHistory(1)
  assert.equal(ledger.reads, 2)
})

test('a failure reaches the requests of its second, and the next one reads again', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 5_000_500 })
  const ledger = createStub()
  const readHistory = createHistory(ledger as unknown as Ledger, createTimeline())
  ledger.away = true
  await assert.rejects(readHistory(60), /away/)
  ledger.away = false
  assert.equal((await readHistory(60)).speeds.length, 60)
})
