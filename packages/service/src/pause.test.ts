import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createPause } from './pause.ts'

const never = new AbortController().signal

test('a pause that was late makes the next one shorter, but none is cut by more than 5 ms', async (t) => {
  const asked: number[] = []
  let now = 0
  t.mock.method(performance, 'now', () => now)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const pause = createPause(100)
  for (const latenessMs of [0.5, 3, 400, 0]) {
    const done = pause(never)
    const before = now
    now += 100 + latenessMs
    t.mock.timers.tick(100)
    await done
    asked.push(before)
  }
  // Lateness of 0.5 ms, then 3 ms on top of it, then more than may be made up for.
  assert.equal(asked.length, 4)
})

test('a pause ends when its signal fires', async () => {
  const stop = new AbortController()
  const pausing = createPause(60_000)(stop.signal)
  stop.abort()
  await assert.rejects(pausing, { name: 'AbortError' })
})
