import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createPause } from './pause.ts'

const never = new AbortController().signal

test('a pause makes up for how late the one before it was, but for 5 ms at most', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const pause = createPause({ delayMs: 100 })
  for (const [asked, latenessMs] of [
    [100, 3],
    [97, 0],
    [100, 400],
    [95, 0],
  ] as const) {
    let over = false
    const done = pause(never).then(() => (over = true))
    t.mock.timers.tick(asked - 1)
    await Promise.resolve()
    assert.equal(over, false, `less than ${asked} ms`)
    now += asked + latenessMs
    t.mock.timers.tick(1)
    await done
    await new Promise(setImmediate)
  }
})

test('a pause ends when its signal fires', async () => {
  const stop = new AbortController()
  const pausing = createPause({ delayMs: 60_000 })(stop.signal)
  stop.abort()
  await assert.rejects(pausing, { name: 'AbortError' })
})
