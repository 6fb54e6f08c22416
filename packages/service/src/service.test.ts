import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'

import { Problem } from './problem.ts'
import { createService, type Service, type ServiceOptions } from './service.ts'

const config = { host: '127.0.0.1', port: 0, hostname: 'replica-1', logFormat: 'json', debug: false } as const

function build(t: TestContext, options?: ServiceOptions): Service {
  const service = createService('test', config, options)
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

test('every answer names the replica', async (t) => {
  const service = build(t)
  for (const url of ['/healthz', '/readyz', '/metrics', '/nowhere', '/%ff']) {
    assert.equal((await service.inject(url)).headers['x-served-by'], 'replica-1', url)
  }
})

test('/readyz answers 503 while a dependency is missing', async (t) => {
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
  const detail = 'expected a path that this service has, got /nowhere'
  assert.deepEqual(response.json(), { type: 'about:blank', title: 'Not Found', status: 404, detail })
})

test('a method that a path does not take is a 405 problem that lists those it takes', async (t) => {
  const service = build(t)
  service.get('/:count', () => 'ok')
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
    const response = await service.inject({
      method,
      url: '/32',
      payload: '{',
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(response.statusCode, 405, method)
    assert.equal(response.headers['allow'], 'GET, HEAD')
  }
})

test('an error that nobody foresaw says nothing of the inside', async (t) => {
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

test('what is no HTTP request is answered with a problem', async (t) => {
  const port = await start(build(t))
  for (const [bytes, status] of [
    ['nonsense\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(5000)}\r\n`, 431],
    ['GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nhost: x\r\nexpect: tea\r\nconnection: close\r\n\r\n', 417],
    ['BREW / HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    [`GET /${'1'.repeat(70_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
  ] as const) {
    const answer = await sendRaw(port, bytes)
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(answer, /application\/problem\+json/)
    assert.match(answer, /x-served-by: replica-1/)
  }
})

test('a request in hand is finished when the service stops, and its keep-alive connection is closed at once', async (t) => {
  const service = build(t)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  service.get('/', async () => {
    await released
    return 'done'
  })
  const port = await start(service)
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const arrived = once(service.server, 'request')
  const request = httpRequest({ port, host: '127.0.0.1', agent }).end()
  await arrived
  const stopped = service.stop()
  release()
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
  await service.stop()
  await cutOff
})

test('a request whose head is complete only after the service began to stop is answered 503', async (t) => {
  const service = build(t)
  service.get('/', () => 'ok')
  const port = await start(service)
  const socket = connect(port, '127.0.0.1')
  const connected = once(service.server, 'connection')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n')
  const [served] = (await connected) as [Socket]
  await once(served, 'data').catch(() => {})
  const stopped = service.stop()
  socket.write('\r\n')
  const answer = await text(socket)
  assert.match(answer, /^HTTP\/1.1 503 /)
  assert.match(answer, /retry-after: 1/)
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

test('the connection is spoken of only where it does not go without saying', async (t) => {
  const port = await start(build(t))
  const ask = (version: string, connection: string) =>
    sendRaw(port, `GET /healthz HTTP/${version}\r\nhost: x\r\n${connection}\r\n`)
  assert.match(await ask('1.1', 'connection: close\r\n'), /\r\nConnection: close\r\n/i)
  const both = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
  assert.equal((await sendRaw(port, both)).match(/\r\nConnection: /gi)?.length, 1)
})
