import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'

import { startTraceCollector, type ReceivedSpan } from '@dockercoins/testing/trace-collector'

import packageJson from '../../../package.json' with { type: 'json' }
import { Problem } from './protocol.ts'
import { createService, replicaName, type Service, type ServiceOptions } from './service.ts'

const config = {
  host: '127.0.0.1',
  port: 0,
  hostname: 'replica-1',
  nodeName: '',
  maxConnections: 100,
  logFormat: 'json',
  debug: false,
  revision: 'abc123',
  otlpEndpoint: '',
  otlpTracesEndpoint: '',
  sampler: 'always_on',
  samplerRatio: 1,
} as const

function build(t: TestContext, options?: ServiceOptions, maxConnections = 100): Service {
  const service = createService('test', { ...config, maxConnections }, options)
  service.log.level = 'silent'
  t.after(() => service.close())
  return service
}

async function start(service: Service): Promise<number> {
  await service.start()
  return (service.server.address() as AddressInfo).port
}

/** Sends bytes as they are and gives all that comes back. */
async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}

test('the name of a replica has its node where that is known', () => {
  assert.equal(replicaName({ hostname: 'rng-1', nodeName: '' }), 'rng-1')
  assert.equal(replicaName({ hostname: 'rng-1', nodeName: 'node-1' }), 'rng-1@node-1')
})

test('every response names the replica', async (t) => {
  const service = build(t)
  for (const url of ['/healthz', '/readyz', '/metrics', '/version', '/nowhere', '/%ff']) {
    assert.equal((await service.inject(url)).headers['x-served-by'], 'replica-1', url)
  }
})

test('/readyz returns 503 while a dependency is missing', async (t) => {
  let ready = false
  const service = build(t, { isReady: () => ready })
  assert.equal((await service.inject('/readyz')).statusCode, 503)
  assert.equal((await service.inject('/healthz')).statusCode, 200)
  ready = true
  assert.equal((await service.inject('/readyz')).statusCode, 200)
})

test('a path that does not exist is a 404 problem', async (t) => {
  const response = await build(t).inject('/nowhere')
  assert.equal(response.statusCode, 404)
  assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
  const detail = 'expected a route of this service, got GET /nowhere'
  assert.deepEqual(response.json(), { type: 'about:blank', title: 'Not Found', status: 404, detail })
})

test('a method that a path does not have is a 404 problem, whatever its body', async (t) => {
  const service = build(t)
  service.get('/:count', () => 'ok')
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
    const headers = { 'content-type': 'application/json' }
    const response = await service.inject({ method, url: '/32', payload: '{', headers })
    assert.equal(response.statusCode, 404, method)
    assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
  }
})

test('a route may have a JSON schema, and what does not match it is a 400 problem', async (t) => {
  const service = build(t)
  const count = { type: 'integer', minimum: 1 }
  const schema = {
    body: { type: 'object', required: ['count'], properties: { count } },
    response: { 200: { type: 'object', properties: { double: { type: 'integer' } } } },
  }
  service.post<{ Body: { count: number } }>('/double', { schema }, ({ body }) => ({ double: 2 * body.count, more: 1 }))
  const post = (payload: object) => service.inject({ method: 'POST', url: '/double', payload })
  assert.deepEqual((await post({ count: 21 })).json(), { double: 42 })
  const refused = await post({ count: 0 })
  assert.equal(refused.statusCode, 400)
  assert.equal(refused.json().detail, 'body/count must be >= 1')
})

test('/version and the metric dockercoins_build_info contain the version and the revision', async (t) => {
  const service = build(t)
  const { version } = packageJson
  assert.deepEqual((await service.inject('/version')).json(), { version, revision: 'abc123' })
  const info = `dockercoins_build_info{version="${version}",revision="abc123"} 1\n`
  assert.ok((await service.inject('/metrics')).body.includes(info))
})

test('an unexpected error does not reach the client', async (t) => {
  const service = build(t)
  service.get('/', () => {
    throw new Error('the secret')
  })
  const response = await service.inject('/')
  assert.equal(response.statusCode, 500)
  assert.equal(response.json().detail, 'internal error')
})

test('/metrics counts requests by route, method and status, and those that were cut off as 499', async (t) => {
  const service = build(t)
  service.get('/', () => 'ok')
  service.get('/forever', () => new Promise(() => {}))
  const port = await start(service)
  await fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())
  const impatient = httpRequest({ port, host: '127.0.0.1', path: '/forever' })
  impatient.on('error', () => {})
  impatient.end()
  const [arrived] = (await once(service.server, 'request')) as [IncomingMessage]
  impatient.destroy()
  await once(arrived.socket, 'close')
  const metrics = (await service.inject('/metrics')).body
  assert.match(metrics, /http_request_duration_seconds_count\{method="GET",route="\/",status="200"\} 1/)
  assert.match(metrics, /http_request_duration_seconds_count\{method="GET",route="\/forever",status="499"\} 1/)
})

test('a request that is not valid HTTP gets a problem', async (t) => {
  const port = await start(build(t))
  for (const [bytes, status] of [
    ['nonsense\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(5000)}\r\n`, 431],
    ['GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nhost: x\r\nexpect: tea\r\nconnection: close\r\n\r\n', 417],
    ['POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\nconnection: close\r\n\r\n0\r\n\r\n', 501],
    ['BREW / HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    [`GET /${'1'.repeat(70_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
  ] as const) {
    const response = await sendRaw(port, bytes)
    assert.match(response, new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(response, /application\/problem\+json/)
    assert.match(response, /x-served-by: replica-1/)
  }
})

test('a request in progress is finished when the service stops, and its keep-alive connection is closed at once', async (t) => {
  const service = build(t)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  service.get('/', async () => {
    await released
    return 'done'
  })
  service.addHook('preClose', async () => release())
  const port = await start(service)
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const arrived = once(service.server, 'request')
  const request = httpRequest({ port, host: '127.0.0.1', agent }).end()
  await arrived
  const stopped = service.close()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  assert.equal(response.headers.connection, 'close')
  assert.equal(await text(response), 'done')
  await stopped
})

test('a request that never ends is cut off when the service stops', async (t) => {
  const service = build(t)
  service.get('/', () => new Promise(() => {}))
  const port = await start(service)
  const request = httpRequest({ port, host: '127.0.0.1' }).end()
  const cutOff = once(request, 'error')
  await once(service.server, 'request')
  await service.close()
  await cutOff
})

test('a request whose head is complete only after the service began to stop gets a 503', async (t) => {
  const service = build(t)
  service.get('/', () => 'ok')
  const port = await start(service)
  const socket = connect(port, '127.0.0.1')
  const connected = once(service.server, 'connection')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n')
  const [served] = (await connected) as [Socket]
  await once(served, 'data').catch(() => {})
  const stopped = service.close()
  socket.write('\r\n')
  const response = await text(socket)
  assert.match(response, /^HTTP\/1.1 503 /)
  assert.match(response, /retry-after: 1/)
  await stopped
})

test('a Problem carries its status, headers and message to the client', async (t) => {
  const service = build(t)
  service.get('/', () => {
    throw new Problem(503, 'full', { 'retry-after': '7' })
  })
  const response = await service.inject('/')
  assert.equal(response.statusCode, 503)
  assert.equal(response.headers['retry-after'], '7')
  assert.equal(response.json().detail, 'full')
})

test('two Host lines and an invalid Host are a 400 problem, whatever the version of HTTP', async (t) => {
  const port = await start(build(t))
  const invalid = ['a/b?c@d', 'a b', 'user@host', 'a:b', 'a:1:2', '[::1', '[zz]', 'a%zz', 'a"b', 'http://a', 'a\tb']
  const wrong = [
    'host: a\r\nhost: a',
    'host: a\r\nhost:',
    'host:\r\nhost: b',
    ...invalid.map((host) => `host: ${host}`),
  ]
  for (const version of ['1.0', '1.1']) {
    for (const lines of wrong) {
      const response = await sendRaw(port, `GET /healthz HTTP/${version}\r\n${lines}\r\nconnection: close\r\n\r\n`)
      assert.match(response, /^HTTP\/1.1 400 [^]*application\/problem\+json/, lines)
    }
    for (const host of ['', 'a', 'a.b-c_d:80', 'a:', '127.0.0.1:8000', '[::1]:80', '[fe80::1%25eth0]', 'x~%20!$&;=']) {
      const response = await sendRaw(port, `GET /healthz HTTP/${version}\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
      assert.match(response, /^HTTP\/1.1 200 /, host)
    }
  }
})

test('a response made outside the framework has the headers of every other, and is counted', async (t) => {
  const service = build(t, { headers: { 'x-content-type-options': 'nosniff' } })
  const port = await start(service)
  for (const [bytes, status, counted] of [
    ['GET /%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400, 'GET'],
    ['GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 200, 'GET'],
    ['CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n', 501, 'CONNECT'],
    ['nonsense\r\n\r\n', 400, 'unknown'],
  ] as const) {
    const response = await sendRaw(port, bytes)
    assert.match(response, new RegExp(`^HTTP/1.1 ${status} `), bytes)
    assert.match(response, /\r\nx-served-by: replica-1\r\n/i)
    assert.match(response, /\r\nx-content-type-options: nosniff\r\n/i)
    const { body } = await service.inject('/metrics')
    assert.match(body, new RegExp(`_count{method="${counted}",route="[^"]+",status="${status}"} 1`), bytes)
  }
})

test('a refused upload gets its response while the client still sends, and the response is not reset', async (t) => {
  const service = build(t)
  service.get('/', () => 'ok')
  const port = await start(service)
  const body = Buffer.alloc(8 * 1024 * 1024)
  const refused = [
    ['POST / HTTP/1.1\r\nhost: x\r\n', 404],
    ['POST /nowhere HTTP/1.1\r\nhost: x\r\n', 404],
    ['POST /%zz HTTP/1.1\r\nhost: x\r\n', 400],
    ['POST / HTTP/1.1\r\nhost: x\r\nexpect: tea\r\n', 417],
    [`POST / HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(20_000)}\r\n`, 431],
  ] as const
  for (const [head, status] of refused) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.write(`${head}connection: close\r\ncontent-length: ${body.length}\r\n\r\n`)
    // All of the body first: only then does the client read.
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => reject(new Error(`${head.slice(0, 60)}: ${error.message}`)))
      socket.write(body, () => resolve())
    })
    assert.match(await text(socket), new RegExp(`^HTTP/1.1 ${status} `))
    socket.end()
  }
})

test('nothing that follows a refused upload on its connection is taken for a request', async (t) => {
  const service = build(t)
  let requests = 0
  service.server.on('request', () => requests++)
  const port = await start(service)
  const upload = 'POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n'
  const socket = connect(port, '127.0.0.1')
  socket.write(upload)
  const [response] = (await once(socket, 'data')) as [Buffer]
  assert.match(response.toString(), /^HTTP\/1.1 404 [^]*\r\nconnection: close\r\n/i)
  socket.end('helloGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
  assert.equal(await text(socket), '')
  assert.equal(requests, 1)
})

test('a client that asks before it sends is refused at once, and is invited only where its body is read', async (t) => {
  const service = build(t)
  service.post<{ Body: string }>('/', ({ body }) => `got ${body.length}`)
  const port = await start(service)
  const headers =
    'host: x\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n'
  assert.match(await sendRaw(port, `POST /nowhere HTTP/1.1\r\n${headers}`), /^HTTP\/1.1 404 /)
  const socket = connect(port, '127.0.0.1')
  socket.write(`POST / HTTP/1.1\r\n${headers}`)
  const [invitation] = (await once(socket, 'data')) as [Buffer]
  assert.equal(invitation.toString(), 'HTTP/1.1 100 Continue\r\n\r\n')
  socket.write('hello')
  assert.match(await text(socket), /^HTTP\/1.1 200 [^]*got 5/)
})

test('where all connections are taken, a new one takes the place of the one that is idle for the longest time', async (t) => {
  const service = build(t, {}, 4)
  const port = await start(service)
  const silent: Socket[] = []
  const accepted: Socket[] = []
  for (let count = 0; count < 4; count++) {
    const connected = once(service.server, 'connection') as Promise<[Socket]>
    silent.push(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
    accepted.push(...(await connected))
  }
  const evicted = text(silent[0]!)
  assert.match(await sendRaw(port, 'GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'), /^HTTP\/1.1 200 /)
  assert.match(await evicted, /^HTTP\/1.1 503 [^]*\r\nretry-after: 1\r\n/)
  // At once, although the client has not closed its side.
  const [served] = accepted
  if (!served!.destroyed) await once(served!, 'close', { signal: AbortSignal.timeout(2000) })
  silent[3]!.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  assert.match(await text(silent[3]!), /^HTTP\/1.1 200 /)
  for (const socket of silent) socket.destroy()
})

test('half of the connections may have a request in progress, one more gets 503, and probes are served', async (t) => {
  const service = build(t, {}, 4)
  service.get('/forever', () => new Promise(() => {}))
  const port = await start(service)
  const waiting: Socket[] = []
  for (let count = 0; count < 2; count++) {
    const arrived = once(service.server, 'request')
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /forever HTTP/1.1\r\nhost: x\r\n\r\n')
    waiting.push(socket)
    await arrived
  }
  const ask = (path: string) => sendRaw(port, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
  assert.match(await ask('/forever'), /^HTTP\/1.1 503 [^]*\r\nretry-after: 1\r\n/)
  assert.match(await ask('/readyz'), /^HTTP\/1.1 200 /)
  const left = waiting.map((socket) => once(socket.destroy(), 'close'))
  await Promise.all(left)
})

test('a client that does not read its response is given up, and one whose request waits is not', async (t) => {
  const service = build(t)
  service.server.timeout = 100
  const { promise: released, resolve: release } = Promise.withResolvers<string>()
  service.get('/large', () => Buffer.alloc(64 * 1024 * 1024))
  service.get('/waits', () => released)
  const port = await start(service)
  const patient = sendRaw(port, 'GET /waits HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const connected = once(service.server, 'request') as Promise<[IncomingMessage]>
  const unread = connect(port, '127.0.0.1').pause()
  unread.on('error', () => {})
  t.after(() => unread.destroy())
  await connected
  const arrived = once(service.server, 'request') as Promise<[IncomingMessage]>
  unread.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n')
  const [{ socket }] = await arrived
  await once(socket, 'close')
  release('served')
  assert.match(await patient, /^HTTP\/1.1 200 [^]*served$/)
})

test('a broken request behind pipelined ones gets its 400 after their responses', async (t) => {
  const service = build(t)
  service.get('/slow', async () => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return 'slow\n'
  })
  const port = await start(service)
  const get = 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n'
  const received = await sendRaw(port, `${get}${get}BROKEN\r\n\r\n`)
  assert.deepEqual(received.match(/^HTTP\/1\.1 \d+/gm), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400'])
})

test('no bytes of an error appear inside a response that is being sent', async (t) => {
  const service = build(t)
  const length = 16 * 1024 * 1024
  service.get('/large', (_request, reply) => reply.type('application/octet-stream').send(Buffer.alloc(length, 'x')))
  service.get('/small', () => 'small\n')
  const socket = connect(await start(service), '127.0.0.1')
  socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /small HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'readable')
  socket.write('BROKEN\r\n\r\n')
  const received = await text(socket)
  const body = received.slice(received.indexOf('\r\n\r\n') + 4, length)
  assert.match(body, /^x*$/)
})

test('a request is a span in the trace of its client, except for probes', async (t) => {
  const collector = await startTraceCollector(t)
  const traces = { otlpTracesEndpoint: `${collector.url}/v1/traces`, sampler: 'always_on' }
  const service = createService('test', { ...config, ...traces })
  service.log.level = 'silent'
  t.after(() => service.close())
  service.get('/:count', () => 'ok')
  service.get('/broken/now', () => {
    throw new Error('a mistake')
  })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const url = `http://127.0.0.1:${await start(service)}`
  const requests: [path: string, headers: Record<string, string>][] = [
    ['/healthz', {}],
    ['/32?a=b', { traceparent }],
    ['/broken/now', {}],
    ['/nowhere/else', {}],
  ]
  for (const [path, headers] of requests) await (await fetch(url + path, { headers })).text()
  await service.close()

  const spans = await collector.until('three spans', (all) => (all.length >= 3 ? all : undefined))
  const described = spans.map(({ name, kind, isError }) => [name, kind, isError])
  assert.deepEqual(described, [
    ['GET /:count', 'server', false],
    ['GET /broken/now', 'server', true],
    ['GET', 'server', false],
  ])
  const [{ traceId, parentSpanId, attributes }, broken, missing] = spans as [ReceivedSpan, ReceivedSpan, ReceivedSpan]
  assert.equal(`00-${traceId}-${parentSpanId}-01`, traceparent)
  const { 'server.port': port, ...others } = attributes
  assert.equal(`http://127.0.0.1:${port}`, url)
  assert.deepEqual(others, {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'url.path': '/32',
    'url.query': 'a=b',
    'http.route': '/:count',
    'server.address': '127.0.0.1',
    'http.response.status_code': 200,
  })
  assert.equal(broken.attributes['error.type'], '500')
  assert.equal(missing.attributes['http.response.status_code'], 404)
})
