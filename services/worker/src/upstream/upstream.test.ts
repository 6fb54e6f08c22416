import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'

import type { Span, SpanEnd, SpanStart } from '@dockercoins/service/tracing'
import { until } from '@dockercoins/testing'
import { listenLocally } from '@dockercoins/testing/listen'
import { listen, trickle } from '@dockercoins/testing/stand-in-upstream'
import { pino } from 'pino'

import { createUpstream } from './upstream.ts'

/** An upstream of the services at `ports`, and the lines that it logged. */
function connect(t: TestContext, ports: number[], timeoutMs = 5000) {
  const urls = ports.map((port) => new URL(`http://127.0.0.1:${port}`))
  return connectTo(t, urls, timeoutMs)
}

function connectTo(t: TestContext, urls: URL[], timeoutMs = 5000) {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) })
  const stop = new AbortController()
  const backPressure = { count: 0 }
  const onBackPressure = () => backPressure.count++
  const upstream = createUpstream('rng', { urls, timeoutMs, stop: stop.signal, log, onBackPressure })
  t.after(() => upstream.destroy())
  const request = () => upstream.request({ method: 'GET', path: '/32', body: null }, String)
  return { upstream, request, lines, stop, backPressure }
}

test('a response comes with where its time went and the name of its replica', async (t) => {
  const { port } = await listen(t, (_request, response) => {
    response.setHeader('server-timing', 'queue;dur=0.2, work;dur=0.1')
    response.setHeader('x-served-by', 'rng-1')
    response.end('bytes')
  })
  const response = await connect(t, [port]).request()
  assert.deepEqual([response.value, response.queueMs, response.workMs, response.servedBy], ['bytes', 0.2, 0.1, 'rng-1'])
  assert.ok(response.networkMs > 0)
})

test('several addresses are used evenly', async (t) => {
  const served = [0, 0, 0]
  const servers = await Promise.all(
    served.map((_, index) =>
      listen(t, (_request, response) => {
        served[index]!++
        response.end('x')
      }),
    ),
  )
  const { request } = connect(
    t,
    servers.map(({ port }) => port),
  )
  // All have been found once all have served.
  while (served.includes(0)) await request()
  served.fill(0)
  for (let sent = 0; sent < 30; sent++) await request()
  assert.deepEqual(served, [10, 10, 10])
})

test('a lost replica is logged once and gets no requests, and its recovery is logged once', async (t) => {
  const first = await listen(t, (_request, response) => response.end('first'))
  const second = await listen(t, (_request, response) => response.end('second'))
  const { request, lines, upstream } = connect(t, [first.port, second.port])
  while ((await request()).value !== 'second');
  await second.close()
  for (let sent = 0; sent < 20; sent++) assert.equal((await request()).value, 'first')
  assert.equal(upstream.isReady(), true)
  await listen(t, (_request, response) => response.end('recovered'), second.port)
  await until('a response of the second', request, ({ value }) => value === 'recovered')
  assert.equal(lines.filter((line) => line.includes('is lost')).length, 1)
  assert.equal(lines.filter((line) => line.includes('recovered')).length, 1)
})

test('a call that begins while no replica responds ends when one does', async (t) => {
  const { port, close } = await listen(t, () => {})
  await close()
  const { request, upstream } = connect(t, [port])
  const late = request()
  await listen(t, (_request, response) => response.end('late'), port)
  assert.equal((await late).value, 'late')
  assert.equal(upstream.isReady(), true)
})

test('after an error status, a closed connection and a broken response the request is sent again', async (t) => {
  let requests = 0
  const { port } = await listen(t, (_request, response) => {
    requests++
    if (requests === 1) response.writeHead(500).end('broken')
    else if (requests === 2) response.socket?.destroy()
    else if (requests === 3)
      response.writeHead(200, { 'content-length': 5 }).end('ab', () => response.socket?.destroy())
    else response.end('good')
  })
  assert.equal((await connect(t, [port]).request()).value, 'good')
})

test('a request whose response does not come in time is sent again', async (t) => {
  let requests = 0
  const { port } = await listen(t, (_request, response) => {
    if (++requests > 1) response.end('second try')
  })
  assert.equal((await connect(t, [port], 50).request()).value, 'second try')
})

test('destroy ends the requests in progress, and further ones fail', async (t) => {
  const { port } = await listen(t, () => {})
  const { request, upstream } = connect(t, [port])
  const responses = [request(), request()]
  upstream.destroy()
  for (const response of responses) await assert.rejects(response)
  await assert.rejects(request())
})

test('a name that cannot be resolved is logged once and tried again', async (t) => {
  const { upstream, request, lines } = connectTo(t, [new URL('http://no-such-host.invalid')])
  const response = request()
  response.catch(() => {})
  await until(
    'a line',
    () => lines.length,
    (count) => count > 0,
  )
  assert.match(lines[0] ?? '', /^rng at http:\/\/no-such-host.invalid cannot be found: .*no-such-host.invalid/)
  assert.equal(upstream.isReady(), false)
  upstream.destroy()
  await assert.rejects(response)
  assert.equal(lines.length, 1)
})

test('after the stop signal a request that fails is not sent again, and no replica is called lost', async (t) => {
  const { port } = await listen(t, (_request, response) => response.writeHead(503).end('stopping'))
  const { request, stop, lines } = connect(t, [port])
  stop.abort()
  await assert.rejects(request(), /expected 200, got 503/)
  assert.deepEqual(lines, [])
})

test('of several names one that cannot be resolved does not hold up the others', async (t) => {
  const { port } = await listen(t, (_request, response) => response.end('found'))
  const urls = [new URL('http://no-such-host.invalid'), new URL(`http://127.0.0.1:${port}`)]
  assert.equal((await connectTo(t, urls).request()).value, 'found')
})

test('over TLS no HTTP/2 is offered, which images do not have', async (t) => {
  const server = createServer()
  t.after(() => server.close())
  const urls = [new URL(`https://localhost:${await listenLocally(server)}`)]
  const { upstream, request } = connectTo(t, urls)
  const response = request()
  response.catch(() => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  t.after(() => socket.destroy())
  const [hello] = (await once(socket, 'data')) as [Buffer]
  // A list of protocols in the first message (RFC 7301): each with its length before it.
  assert.ok(hello.includes('\x08http/1.1'))
  assert.ok(!hello.includes('\x02h2'))
  upstream.destroy()
  await assert.rejects(response)
})

test('back-pressure is waited for, and is no outage', async (t) => {
  let requests = 0
  const { port } = await listen(t, (_request, response) => {
    if (++requests > 2) response.end('served')
    else response.writeHead(503, { 'retry-after': '0' }).end('full')
  })
  const { request, lines, upstream, backPressure } = connect(t, [port])
  assert.equal((await request()).value, 'served')
  assert.deepEqual([lines, upstream.isReady(), backPressure.count], [[], true, 2])
})

test('while one replica is full another takes the request', async (t) => {
  const full = await listen(t, (_request, response) => response.writeHead(503, { 'retry-after': '1000' }).end())
  const free = await listen(t, (_request, response) => response.end('free'))
  const { request } = connect(t, [full.port, free.port])
  for (let sent = 0; sent < 4; sent++) assert.equal((await request()).value, 'free')
})

test('requests that are sent at once do not wait for a replica that refuses them while another is free', async (t) => {
  const full = await listen(t, (_request, response) => response.writeHead(503, { 'retry-after': '1000' }).end())
  const free = await listen(t, (_request, response) => response.end('free'))
  const { request } = connect(t, [full.port, free.port])
  for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 10 }, request))
})

test('a response that calls the request a mistake is logged once, and no replica is lost', async (t) => {
  let requests = 0
  const { port } = await listen(t, (_request, response) => {
    if (++requests > 3) response.end('good')
    else response.writeHead(400).end('no such thing')
  })
  const { request, lines, upstream } = connect(t, [port])
  assert.equal((await request()).value, 'good')
  assert.equal(upstream.isReady(), true)
  assert.equal(lines.filter((line) => line.includes('a mistake of the worker')).length, 1)
})

test('a body is sent with its type, which some services demand', async (t) => {
  const { port } = await listen(t, (request, response) => {
    const isTyped = request.headers['content-type'] === 'application/octet-stream'
    response.writeHead(isTyped ? 200 : 400).end('typed')
  })
  const { upstream, lines } = connect(t, [port])
  await upstream.request({ method: 'POST', path: '/', body: Buffer.alloc(32) }, String)
  assert.deepEqual(lines, [])
})

const slowly: Record<string, RequestListener> = {
  'whose bytes trickle': trickle,
  'of informational responses alone': (_request, response) => {
    const timer = setInterval(() => response.writeEarlyHints({ link: '</x>; rel=preload' }), 50)
    response.on('close', () => clearInterval(timer))
  },
}
for (const [which, listener] of Object.entries(slowly)) {
  test(`a response ${which} is given up at the deadline`, async (t) => {
    let requests = 0
    const { port } = await listen(t, (request, response) => {
      if (request.url === '/healthz' || ++requests > 1) response.end('second try')
      else listener(request, response)
    })
    assert.equal((await connect(t, [port], 500).request()).value, 'second try')
  })
}

test('a name longer than that of any host is cut, and no queue is longer than the call', async (t) => {
  const { port } = await listen(t, (_request, response) => {
    response.setHeader('x-served-by', 'x'.repeat(8000))
    response.setHeader('server-timing', 'queue;dur=9999999999999, work;dur=1')
    response.end('good')
  })
  const { servedBy, queueMs, workMs, networkMs } = await connect(t, [port]).request()
  assert.equal(servedBy.length, 253)
  assert.ok(queueMs + workMs + networkMs < 60_000)
})

/** A span whose parts are kept, with how each began and ended. Their `traceparent` is their number. */
function createUnit() {
  const parts: { name: string; start: SpanStart | undefined; end?: SpanEnd | undefined }[] = []
  const unit: Span = {
    traceparent: '0',
    start(name, start) {
      const part: (typeof parts)[number] = { name, start }
      const traceparent = String(parts.push(part))
      return { ...unit, traceparent, end: (end) => (part.end = end) }
    },
    end: () => {},
  }
  return { unit, parts }
}

test('each attempt of a traced request is a span, whose traceparent the replica gets', async (t) => {
  const received: unknown[] = []
  const { port } = await listen(t, ({ headers, socket }, response) => {
    received.push(headers['traceparent'])
    if (received.length === 1) response.writeHead(503, { 'retry-after': '0' }).end()
    else if (received.length === 2) socket.destroy()
    else response.end('x')
  })
  const { upstream, request } = connect(t, [port])
  const { unit, parts } = createUnit()
  await upstream.request({ method: 'GET', path: '/32', body: null }, String, unit)
  // After the failure a trial of the same request tests the replica, untraced.
  assert.deepEqual(
    received.filter((traceparent) => traceparent !== undefined),
    ['1', '2', '3'],
  )
  assert.deepEqual(parts[0]!.start, {
    kind: 'client',
    attributes: {
      'http.request.method': 'GET',
      'url.full': `http://127.0.0.1:${port}/32`,
      'server.address': '127.0.0.1',
      'server.port': port,
      'network.peer.address': '127.0.0.1',
    },
  })
  const ends = parts.map(({ end }) => end)
  assert.deepEqual(ends[0]!.attributes, { 'http.response.status_code': 503, 'error.type': '503' })
  assert.equal(ends[0]!.error, '')
  assert.match(ends[1]!.error!, /closed|ECONNRESET/)
  assert.deepEqual(ends[2], { attributes: { 'http.response.status_code': 200 }, error: undefined })

  await request()
  assert.equal(received.at(-1), undefined)
  assert.equal(parts.length, 3)
})
