import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { listenLocally } from '@dockercoins/testing/listen'
import { pino } from 'pino'

import { connect, listen, trickle } from './stand-ins.ts'
import { createUpstream } from './upstream.ts'

test('an answer comes with where its time went and who gave it', async (t) => {
  const { port } = await listen(t, 0, (_request, response) => {
    response.setHeader('server-timing', 'queue;dur=0.2, work;dur=0.1')
    response.setHeader('x-served-by', 'rng-1')
    response.end('bytes')
  })
  const answer = await connect(t, [port]).ask()
  assert.deepEqual([answer.value, answer.queueMs, answer.workMs, answer.servedBy], ['bytes', 0.2, 0.1, 'rng-1'])
  assert.ok(answer.networkMs > 0)
})

test('several addresses are used evenly', async (t) => {
  const served = [0, 0, 0]
  const servers = await Promise.all(
    served.map((_, index) =>
      listen(t, 0, (_request, response) => {
        served[index]!++
        response.end('x')
      }),
    ),
  )
  const { ask } = connect(
    t,
    servers.map(({ port }) => port),
  )
  // All have been found once all have served.
  while (served.includes(0)) await ask()
  served.fill(0)
  for (let request = 0; request < 30; request++) await ask()
  assert.deepEqual(served, [10, 10, 10])
})

test('a replica that is lost is told once and passed over, and told once when it has recovered', async (t) => {
  const first = await listen(t, 0, (_request, response) => response.end('first'))
  const second = await listen(t, 0, (_request, response) => response.end('second'))
  const { ask, lines, upstream } = connect(t, [first.port, second.port])
  while ((await ask()).value !== 'second');
  await second.close()
  for (let request = 0; request < 20; request++) assert.equal((await ask()).value, 'first')
  assert.equal(upstream.isReady(), true)
  await listen(t, second.port, (_request, response) => response.end('back'))
  await until('an answer of the second', ask, ({ value }) => value === 'back')
  assert.equal(lines.filter((line) => line.includes('is lost')).length, 1)
  assert.equal(lines.filter((line) => line.includes('recovered')).length, 1)
})

test('a call made while nobody answers ends when somebody does', async (t) => {
  const { port, close } = await listen(t, 0, () => {})
  await close()
  const { ask, upstream } = connect(t, [port])
  const answer = ask()
  await listen(t, port, (_request, response) => response.end('late'))
  assert.equal((await answer).value, 'late')
  assert.equal(upstream.isReady(), true)
})

test('an error status, a broken answer and a refused one are each asked for again', async (t) => {
  let requests = 0
  const { port } = await listen(t, 0, (_request, response) => {
    requests++
    if (requests === 1) response.writeHead(500).end('broken')
    else if (requests === 2) response.socket?.destroy()
    else if (requests === 3)
      response.writeHead(200, { 'content-length': 5 }).end('ab', () => response.socket?.destroy())
    else response.end('good')
  })
  assert.equal((await connect(t, [port]).ask()).value, 'good')
})

test('an answer that does not come in time is given up and asked for again', async (t) => {
  let requests = 0
  const { port } = await listen(t, 0, (_request, response) => {
    if (++requests > 1) response.end('second try')
  })
  assert.equal((await connect(t, [port], 50).ask()).value, 'second try')
})

test('destroy cuts off what is in hand and what is waiting', async (t) => {
  const { port } = await listen(t, 0, () => {})
  const { ask, upstream } = connect(t, [port])
  const answers = [ask(), ask()]
  upstream.destroy()
  for (const answer of answers) await assert.rejects(answer)
  await assert.rejects(ask())
})

test('a name that cannot be resolved is told once and tried again', async () => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) })
  const upstream = createUpstream('rng', {
    urls: [new URL('http://no-such-host.invalid')],
    timeoutMs: 1000,
    stop: new AbortController().signal,
    log,
    onBackPressure: () => {},
  })
  const answer = upstream.ask({ method: 'GET', path: '/', body: null }, String)
  answer.catch(() => {})
  await until(
    'a line',
    () => lines.length,
    (count) => count > 0,
  )
  assert.match(lines[0] ?? '', /^rng at http:\/\/no-such-host.invalid cannot be found: .*no-such-host.invalid/)
  assert.equal(upstream.isReady(), false)
  upstream.destroy()
  await assert.rejects(answer)
  assert.equal(lines.length, 1)
})

test('once the worker is to stop, a call that fails is not tried again, and nobody is called lost', async (t) => {
  const { port } = await listen(t, 0, (_request, response) => response.writeHead(503).end('stopping'))
  const { ask, stop, lines } = connect(t, [port])
  stop.abort()
  await assert.rejects(ask(), /expected 200, got 503/)
  assert.deepEqual(lines, [])
})

test('of several names one that cannot be resolved does not keep the others from being asked', async (t) => {
  const { port } = await listen(t, 0, (_request, response) => response.end('found'))
  const urls = [new URL('http://no-such-host.invalid'), new URL(`http://127.0.0.1:${port}`)]
  const stop = new AbortController().signal
  const upstream = createUpstream('rng', {
    urls,
    timeoutMs: 1000,
    stop,
    log: pino({ level: 'silent' }),
    onBackPressure: () => {},
  })
  t.after(() => upstream.destroy())
  assert.equal((await upstream.ask({ method: 'GET', path: '/', body: null }, String)).value, 'found')
})

test('over TLS no HTTP/2 is offered, which images do not have', async (t) => {
  const server = createServer()
  t.after(() => server.close())
  const urls = [new URL(`https://localhost:${await listenLocally(server)}`)]
  const stop = new AbortController().signal
  const upstream = createUpstream('rng', {
    urls,
    timeoutMs: 5000,
    stop,
    log: pino({ level: 'silent' }),
    onBackPressure: () => {},
  })
  t.after(() => upstream.destroy())
  const answer = upstream.ask({ method: 'GET', path: '/32', body: null }, String)
  answer.catch(() => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  t.after(() => socket.destroy())
  const [hello] = (await once(socket, 'data')) as [Buffer]
  // A list of protocols in the first message (RFC 7301): each with its length before it.
  assert.ok(hello.includes('\x08http/1.1'))
  assert.ok(!hello.includes('\x02h2'))
  upstream.destroy()
  await assert.rejects(answer)
})

test('a full queue is waited for as told, and is no outage', async (t) => {
  let requests = 0
  const { port } = await listen(t, 0, (_request, response) => {
    if (++requests > 2) response.end('room')
    else response.writeHead(503, { 'retry-after': '0' }).end('full')
  })
  const { ask, lines, upstream, backPressure } = connect(t, [port])
  assert.equal((await ask()).value, 'room')
  assert.deepEqual([lines, upstream.isReady(), backPressure.count], [[], true, 2])
})

test('while one replica is full another takes the request', async (t) => {
  const full = await listen(t, 0, (_request, response) => response.writeHead(503, { 'retry-after': '1000' }).end())
  const free = await listen(t, 0, (_request, response) => response.end('free'))
  const { ask } = connect(t, [full.port, free.port])
  for (let request = 0; request < 4; request++) assert.equal((await ask()).value, 'free')
})

test('a request that is refused as a mistake is told once, and nobody is lost', async (t) => {
  let requests = 0
  const { port } = await listen(t, 0, (_request, response) => {
    if (++requests > 3) response.end('good')
    else response.writeHead(400).end('no such thing')
  })
  const { ask, lines, upstream } = connect(t, [port])
  assert.equal((await ask()).value, 'good')
  assert.equal(upstream.isReady(), true)
  assert.equal(lines.filter((line) => line.includes('a mistake of the worker')).length, 1)
})

test('a body is sent with its type, which some services demand', async (t) => {
  const { port } = await listen(t, 0, (request, response) => {
    const isTyped = request.headers['content-type'] === 'application/octet-stream'
    response.writeHead(isTyped ? 200 : 400).end('typed')
  })
  const { upstream, lines } = connect(t, [port])
  await upstream.ask({ method: 'POST', path: '/', body: Buffer.alloc(32) }, String)
  assert.deepEqual(lines, [])
})

const slowly: Record<string, RequestListener> = {
  'whose bytes trickle': trickle,
  'of informational answers alone': (_request, response) => {
    const timer = setInterval(() => response.writeEarlyHints({ link: '</x>; rel=preload' }), 50)
    response.on('close', () => clearInterval(timer))
  },
}
for (const [which, answer] of Object.entries(slowly)) {
  test(`a response ${which} is given up at the deadline`, async (t) => {
    let requests = 0
    const { port } = await listen(t, 0, (request, response) => {
      if (request.url === '/healthz' || ++requests > 1) response.end('second try')
      else answer(request, response)
    })
    assert.equal((await connect(t, [port], 500).ask()).value, 'second try')
  })
}

test('a name longer than that of any host is cut, and no queue is longer than the call', async (t) => {
  const { port } = await listen(t, 0, (_request, response) => {
    response.setHeader('x-served-by', 'x'.repeat(8000))
    response.setHeader('server-timing', 'queue;dur=9999999999999, work;dur=1')
    response.end('good')
  })
  const { servedBy, queueMs, workMs, networkMs } = await connect(t, [port]).ask()
  assert.equal(servedBy.length, 253)
  assert.ok(queueMs + workMs + networkMs < 60_000)
})
