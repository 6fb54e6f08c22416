import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'

import { until } from '@dockercoins/testing'
import { listenLocally } from '@dockercoins/testing/listen'
import { pino } from 'pino'

import { exchange } from './exchange.ts'
import { createReplica } from './replica.ts'
import { connect, good, hang, listen, trickle } from './stand-ins.ts'

for (const [how, answer] of Object.entries({ 'says nothing': hang, trickles: trickle })) {
  test(`a replica that ${how} is lost without waiting for the deadline, and its requests go to another`, async (t) => {
    let isHanging = true
    const first = await listen(t, 0, good)
    const second = await listen(t, 0, (request, response) => (isHanging ? answer : good)(request, response))
    const { ask, lines, upstream } = connect(t, [first.port, second.port], 60_000)
    while (upstream.notResponding().length === 0) await ask()
    isHanging = false
    while (upstream.notResponding().length > 0) await ask()
    assert.equal(lines.length, 2)
    assert.match(lines[0] ?? '', /^waiting for rng at/)
    assert.match(lines[1] ?? '', /^rng at .* responded after/)
  })
}

test('of those that wait for a lost replica one tries it, and the others follow', async (t) => {
  let refused = 0
  let state: 'broken' | 'tried' | 'good' = 'broken'
  let tries = 0
  const { port } = await listen(t, 0, (request, response) => {
    if (request.url === '/healthz') return response.writeHead(404).end()
    if (state === 'broken') {
      // All are refused together; from then on only trials come.
      if (++refused === 100) state = 'tried'
      return response.writeHead(500).end()
    }
    if (state === 'good') return response.end('good')
    tries++
    setImmediate(() => {
      assert.equal(tries, 1)
      state = 'good'
      response.end('good')
    })
    return response
  })
  const { ask } = connect(t, [port])
  await Promise.all(Array.from({ length: 100 }, ask))
  assert.equal(tries, 1)
})

test('a replica that hangs while all others are lost is lost once another can be tried', async (t) => {
  let isFirstBroken = true
  let isSecondHung = false
  let held = 0
  const first = await listen(t, 0, (request, response) => {
    if (isFirstBroken) request.socket.destroy()
    else response.end('first')
  })
  const second = await listen(t, 0, (_request, response) => {
    if (isSecondHung) held++
    else response.end('second')
  })
  const { ask, upstream } = connect(t, [first.port, second.port], 3_600_000)
  while (upstream.notResponding().length === 0) await ask()
  isSecondHung = true
  const answer = ask()
  await until(
    'a request that the second does not respond to',
    () => held,
    (count) => count === 1,
  )
  isFirstBroken = false
  assert.equal((await answer).value, 'first')
  assert.deepEqual(upstream.notResponding(), [`127.0.0.1:${second.port}`])
})

test('a replica that hangs while it is tried loses the request to another', async (t) => {
  const replica = { isBroken: true, trials: 0 }
  const first = await listen(t, 0, (request, response) => {
    if (replica.isBroken) response.writeHead(500).end()
    else if (replica.trials > 0) return
    else if (request.url === '/healthz') response.end()
    else replica.trials++
  })
  const second = await listen(t, 0, good)
  const { ask, upstream } = connect(t, [first.port, second.port], 3_600_000)
  while (upstream.notResponding().length === 0) await ask()
  replica.isBroken = false
  while (replica.trials === 0) await ask()
  assert.equal((await ask()).value, 'good')
})

test('a replica that responds to probes alone is seldom tried while another responds', async (t) => {
  const timeoutMs = 200
  const asked: number[] = []
  const first = await listen(t, 0, (request, response) => {
    if (request.url === '/healthz') response.end()
    else asked.push(performance.now())
  })
  const second = await listen(t, 0, good)
  const { ask } = connect(t, [first.port, second.port], timeoutMs)
  while (asked.length < 3) await ask()
  const pauseMs = asked[2]! - asked[1]!
  assert.ok(pauseMs > 4.5 * timeoutMs, `tried again after ${pauseMs} ms`)
})

async function connectToSilence(t: TestContext) {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const url = new URL(`http://127.0.0.1:${await listenLocally(server)}`)
  const log = pino({ level: 'silent' })
  const options = { upstream: 'rng', url, address: '127.0.0.1', log, hasOthers: () => true, opened: () => {} }
  const replica = createReplica(options)
  t.after(() => replica.destroy(new Error('the test is over')))
  return { server, replica }
}

test('a replica that left and does not respond is cut off before the deadline', async (t) => {
  const { replica } = await connectToSilence(t)
  const answer = exchange(replica, { method: 'GET', path: '/32', body: null }, 3_600_000)
  replica.leave()
  await assert.rejects(answer, /is lost/)
  assert.equal(replica.isLost, false)
})

test('destroy ends a probe', async (t) => {
  const { server, replica } = await connectToSilence(t)
  const [probe] = (await once(server, 'connection')) as [Socket]
  probe.resume()
  const ended = once(probe, 'close')
  const began = performance.now()
  replica.destroy(new Error('the end'))
  await ended
  assert.ok(performance.now() - began < 3_000)
})
