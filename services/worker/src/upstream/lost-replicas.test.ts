import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'

import { until } from '@dockercoins/testing'
import { listenLocally } from '@dockercoins/testing/listen'
import { good, hang, listen, trickle } from '@dockercoins/testing/stand-in-upstream'
import { pino } from 'pino'

import { createReplica } from './replica.ts'
import { createUpstream } from './upstream.ts'

/** An upstream of the services at `ports`, and the lines that it logged. */
function connect(t: TestContext, ports: number[], timeoutMs: number) {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) })
  const urls = ports.map((port) => new URL(`http://127.0.0.1:${port}`))
  const stop = new AbortController().signal
  const upstream = createUpstream('rng', { urls, timeoutMs, stop, log, onBackPressure: () => {} })
  t.after(() => upstream.destroy())
  const request = () => upstream.request({ method: 'GET', path: '/32', body: null }, String)
  return { upstream, request, lines }
}

for (const [how, listener] of Object.entries({ hangs: hang, trickles: trickle })) {
  test(`a replica that ${how} is lost without waiting for the deadline, and its requests go to another`, async (t) => {
    let isHanging = true
    const first = await listen(t, good)
    const second = await listen(t, (request, response) => (isHanging ? listener : good)(request, response))
    const { request, lines, upstream } = connect(t, [first.port, second.port], 60_000)
    while (upstream.notResponding().length === 0) await request()
    isHanging = false
    while (upstream.notResponding().length > 0) await request()
    assert.equal(lines.length, 2)
    assert.match(lines[0] ?? '', /^waiting for rng at/)
    assert.match(lines[1] ?? '', /^rng at .* responded after/)
  })
}

test('one request tries a lost replica, and the calls that wait for it follow', async (t) => {
  let refused = 0
  let state: 'broken' | 'tried' | 'good' = 'broken'
  let tries = 0
  const { port } = await listen(t, (request, response) => {
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
  const { request } = connect(t, [port], 60_000)
  await Promise.all(Array.from({ length: 100 }, request))
  assert.equal(tries, 1)
})

test('a replica that hangs while all others are lost is lost once another can be tried', async (t) => {
  let isFirstBroken = true
  let isSecondHung = false
  let held = 0
  const first = await listen(t, (request, response) => {
    if (isFirstBroken) request.socket.destroy()
    else response.end('first')
  })
  const second = await listen(t, (_request, response) => {
    if (isSecondHung) held++
    else response.end('second')
  })
  const { request, upstream } = connect(t, [first.port, second.port], 3_600_000)
  while (upstream.notResponding().length === 0) await request()
  isSecondHung = true
  const response = request()
  await until(
    'a request that the second does not respond to',
    () => held,
    (count) => count === 1,
  )
  isFirstBroken = false
  assert.equal((await response).value, 'first')
  assert.deepEqual(upstream.notResponding(), [`127.0.0.1:${second.port}`])
})

test('a replica that responds to probes alone holds up no request while another responds', async (t) => {
  let state: 'broken' | 'hanging' | 'good' = 'broken'
  const trials: (() => void)[] = []
  const first = await listen(t, (request, response) => {
    if (request.url === '/healthz' || state === 'good') response.end('good')
    else if (state === 'broken') request.socket.destroy()
    else trials.push(() => response.end('good'))
  })
  const second = await listen(t, good)
  const { request, upstream } = connect(t, [first.port, second.port], 3_600_000)
  while (upstream.notResponding().length === 0) await request()
  state = 'hanging'
  await until(
    'a trial',
    () => trials.length,
    (count) => count === 1,
  )
  for (let requests = 0; requests < 100; requests++) assert.equal((await request()).value, 'good')
  assert.equal(trials.length, 1)
  state = 'good'
  trials[0]!()
  await until(
    'the replica to recover',
    () => upstream.notResponding().length,
    (count) => count === 0,
  )
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
  const replica = createReplica({
    upstream: 'rng',
    url,
    address: '127.0.0.1',
    log,
    hasOthers: () => true,
    tryRequest: () => Promise.resolve(),
    onRecovered: () => {},
  })
  t.after(() => replica.destroy(new Error('the test is over')))
  return { server, replica }
}

test('a replica that left and does not respond is cut off before the deadline', async (t) => {
  const { replica } = await connectToSilence(t)
  const response = replica.client.request({ method: 'GET', path: '/32', body: null }, 3_600_000)
  replica.isListed = false
  await assert.rejects(response)
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
