import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'

import { listenLocally } from '@dockercoins/testing/listen'

import { NotKnown, watchSpeed, type Watch } from './watch.ts'

/** The update was complete so long ago that all that is watched is settled. */
const AGO_S = 62
const FOR_S = 60

/**
 * Starts a web UI in whose history an update changed the speed from 10 to `after`. It responds with
 * 503 `failures` times first.
 */
async function startWebui(t: TestContext, after: number | null, failures = 0): Promise<Watch> {
  const completedAt = Math.floor(Date.now() / 1000) - AGO_S
  const noise = [0.1, -0.2, 0.3, 0, -0.1, 0.2, -0.3]
  const server = createServer((request, response) => {
    if (failures-- > 0) return response.writeHead(503).end()
    const seconds = Number(/^\/coins\/history\?seconds=(\d+)$/.exec(request.url ?? '')?.[1])
    const from = Math.floor(Date.now() / 1000) - seconds
    const speeds = Array.from({ length: seconds }, (_, index) => {
      const speed = from + index < completedAt ? 10 : after
      return speed && speed + noise[index % noise.length]!
    })
    return response.end(JSON.stringify({ from, speeds }))
  })
  t.after(() => server.close())
  const url = `http://127.0.0.1:${await listenLocally(server)}/coins`
  return { url, updatedAt: completedAt - 30, completedAt, beforeS: 60, forS: FOR_S, drop: 0.2 }
}

test('a speed that is the same before and after an update held', async (t) => {
  const { verdict, before, after } = await watchSpeed(await startWebui(t, 10))
  assert.equal(verdict, 'held')
  assert.ok(Math.abs(before - 10) < 0.1 && Math.abs(after - 10) < 0.1, `expected 10 and 10, got ${before} and ${after}`)
})

test('a speed that is lower by the drop fell', async (t) => {
  assert.equal((await watchSpeed(await startWebui(t, 8))).verdict, 'fell')
})

test('an application that makes nothing after an update fell', async (t) => {
  assert.equal((await watchSpeed(await startWebui(t, 0))).verdict, 'fell')
})

test('a web UI that does not respond at first is asked again', async (t) => {
  assert.equal((await watchSpeed(await startWebui(t, 10, 1))).verdict, 'held')
})

test('speeds that are not known give no verdict', async (t) => {
  await assert.rejects(watchSpeed(await startWebui(t, null)), (error: Error) => {
    assert.ok(error instanceof NotKnown)
    assert.match(error.message, /^expected at least 20 s of known speed before and after the update, got 60 s and 0 s$/)
    return true
  })
})

test('a web UI that cannot be reached gives no verdict, and says why', async () => {
  const completedAt = Date.now() / 1000 - 100
  const watch = { updatedAt: completedAt, completedAt, beforeS: 60, forS: FOR_S, drop: 0.2 }
  await assert.rejects(watchSpeed({ ...watch, url: 'http://127.0.0.1:1' }), /got 0 s and 0 s: /)
})
