import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'

import { listenLocally } from '@dockercoins/testing/listen'

import { NotKnown, watchSpeed, type Watch } from './watch.ts'

/** The update was complete so long ago that all that is watched is settled. */
const AGO_S = 62
const FOR_S = 60

interface Webui {
  before?: unknown
  after: unknown
  /** So often it responds with 503 first. */
  failures?: number
  /** How far its clock is ahead. */
  aheadS?: number
}

/** Starts a web UI in whose history an update changed the speed. */
async function startWebui(t: TestContext, { before = 10, after, failures = 0, aheadS = 0 }: Webui): Promise<Watch> {
  const completedAt = Math.floor(Date.now() / 1000) - AGO_S
  const noise = [0.1, -0.2, 0.3, 0, -0.1, 0.2, -0.3]
  const server = createServer((request, response) => {
    if (failures-- > 0) return response.writeHead(503).end()
    const seconds = Number(/^\/coins\/history\?seconds=(\d+)$/.exec(request.url ?? '')?.[1])
    const now = Math.floor(Date.now() / 1000) + aheadS
    const speeds = Array.from({ length: seconds }, (_, index) => {
      const speed = now - seconds + index < completedAt + aheadS ? before : after
      return typeof speed === 'number' && speed > 0 ? speed + noise[index % noise.length]! : speed
    })
    response.setHeader('date', new Date(now * 1000).toUTCString())
    return response.end(JSON.stringify({ from: now - seconds, speeds }))
  })
  t.after(() => server.close())
  const url = new URL(`http://127.0.0.1:${await listenLocally(server)}/coins/`)
  return { url, updatedAt: completedAt - 30, completedAt, beforeS: 60, forS: FOR_S, drop: 0.2 }
}

test('a speed that is the same before and after an update held', async (t) => {
  const { verdict, before, after } = await watchSpeed(await startWebui(t, { after: 10 }))
  assert.equal(verdict, 'held')
  assert.ok(Math.abs(before - 10) < 0.1 && Math.abs(after - 10) < 0.1, `expected 10 and 10, got ${before} and ${after}`)
})

test('a speed that is lower by the drop fell', async (t) => {
  assert.equal((await watchSpeed(await startWebui(t, { after: 8 }))).verdict, 'fell')
})

test('an application that makes nothing after an update fell', async (t) => {
  assert.equal((await watchSpeed(await startWebui(t, { after: 0 }))).verdict, 'fell')
})

test('a web UI that does not respond at first is asked again', async (t) => {
  assert.equal((await watchSpeed(await startWebui(t, { after: 10, failures: 1 }))).verdict, 'held')
})

/** Watches, and resolves to why nothing is known. */
async function whyNotKnown(watch: Watch): Promise<string> {
  const error = await watchSpeed(watch).then(
    (watched) => assert.fail(`expected no verdict, got ${watched.verdict}`),
    (reason: Error) => reason,
  )
  assert.ok(error instanceof NotKnown, error.message)
  assert.doesNotMatch(error.message, /\n/)
  return error.message
}

test('speeds that are not known give no verdict', async (t) => {
  const reason = await whyNotKnown(await startWebui(t, { after: null }))
  assert.equal(reason, 'expected 4 times 5 s of known speed before and after the update, got 12 and 0')
})

test('an application that made nothing before an update gives no verdict', async (t) => {
  assert.match(await whyNotKnown(await startWebui(t, { before: 0, after: 0 })), /^expected hashes before the update/)
})

for (const [name, speed] of Object.entries({
  text: '10',
  'a list': [10],
  'a negative number': -10,
  'too much': 1e308,
})) {
  test(`a history with ${name} as a speed gives no verdict`, async (t) => {
    const watch = await startWebui(t, { before: speed, after: speed })
    const reason = await whyNotKnown({ ...watch, completedAt: watch.completedAt - 40 })
    assert.match(reason, /got 0 and 0: expected a history of http.*, got "\{/)
  })
}

for (const aheadS of [20, -20]) {
  test(`a web UI whose clock is ${aheadS} s ahead gives no verdict`, async (t) => {
    assert.match(
      await whyNotKnown(await startWebui(t, { after: 2, aheadS })),
      /expected the clock of the web UI to agree/,
    )
  })
}

test('a web UI that cannot be reached gives no verdict, and the reason is its address', async () => {
  const completedAt = Date.now() / 1000 - 100
  const url = new URL('http://127.0.0.1:1')
  const watch = { url, updatedAt: completedAt, completedAt, beforeS: 60, forS: FOR_S, drop: 0.2 }
  assert.match(
    await whyNotKnown(watch),
    /got 0 and 0: http:\/\/127\.0\.0\.1:1\/history\?seconds=\d+ does not respond: /,
  )
})

test('a response without an end gives no verdict', async (t) => {
  const server = createServer((_, response) => {
    const chunk = Buffer.alloc(65_536, ' ')
    const write = () => void response.write(chunk, (error) => error || setImmediate(write))
    write()
  })
  t.after(() => server.close())
  const url = new URL(`http://127.0.0.1:${await listenLocally(server)}`)
  const completedAt = Date.now() / 1000 - 100
  const watch = { url, updatedAt: completedAt, completedAt, beforeS: 60, forS: FOR_S, drop: 0.2 }
  assert.match(await whyNotKnown(watch), /expected at most 1048576 bytes/)
})
