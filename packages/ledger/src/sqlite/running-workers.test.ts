import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sampleReport } from '@dockercoins/testing/sample-entry'

import { watchRunning } from './running-workers.ts'

const HOUR_MS = 3_600_000
const START = 1_700_000_000_000

test('a killed worker no longer runs when its report has expired, although the clock was set back an hour', () => {
  const { clock, running, entry } = watch()
  assert.equal(running(entry(1)), true)
  clock.monotonic += 1000
  assert.equal(running(entry(2)), true)
  clock.wall -= HOUR_MS
  clock.monotonic += 3400
  assert.equal(running(entry(2)), true)
  clock.monotonic += 200
  assert.equal(running(entry(2)), false)
})

test('a worker whose clock is two hours behind runs while its entries arrive', () => {
  const { clock, running, entry } = watch()
  assert.equal(running(entry(1, -2 * HOUR_MS)), false)
  clock.monotonic += 1000
  assert.equal(running(entry(2, -2 * HOUR_MS)), true)
})

test('a worker whose clock is two hours ahead no longer runs when it falls silent', () => {
  const { clock, running, entry } = watch()
  assert.equal(running(entry(1, 2 * HOUR_MS)), true)
  clock.monotonic += 3600
  assert.equal(running(entry(1, 2 * HOUR_MS)), false)
})

test('a worker that died while nobody looked does not run', () => {
  const { clock, running, entry } = watch()
  assert.equal(running(entry(1)), true)
  const died = entry(2)
  clock.monotonic += HOUR_MS
  clock.wall += HOUR_MS
  assert.equal(running(died), false)
})

test('a worker that records again runs again', () => {
  const { clock, running, entry } = watch()
  running(entry(1))
  clock.monotonic += 10_000
  assert.equal(running(entry(1)), false)
  assert.equal(running(entry(2)), true)
})

/** One worker's reports, valid for 3.5 s, and a reader with clocks that a test moves. */
function watch() {
  const clock = { monotonic: 0, wall: START }
  const runningOf = watchRunning(
    () => clock.monotonic,
    () => clock.wall,
  )
  const report = JSON.stringify(sampleReport('one', { expiresAfterMs: 3500 }))
  return {
    clock,
    running: (stored: ReturnType<typeof entry>) => runningOf([stored]).length === 1,
    entry,
  }
  function entry(sequence: number, aheadMs = 0) {
    return { worker: 'one', sequence, expiresMs: clock.wall + aheadMs + 3500, report }
  }
}
