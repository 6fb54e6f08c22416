import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'

import { parseSettings } from '@dockercoins/service'
import { assertDescribesRoutes } from '@dockercoins/testing/openapi'
import * as fc from 'fast-check'

import openapi from '../openapi.json' with { type: 'json' }
import { buildRng } from './app.ts'
import { settings } from './config.ts'

const MAX_BYTES = 100_000

function build(t: TestContext, env: NodeJS.ProcessEnv = {}) {
  const defaults = { PORT: '0', HOST: '127.0.0.1', HOSTNAME: 'rng-1', DELAY_MS: '0', MAX_BYTES: `${MAX_BYTES}` }
  const rng = buildRng(parseSettings(settings, { ...defaults, ...env }))
  rng.log.level = 'silent'
  t.after(() => rng.close())
  return rng
}

test('GET /32 returns 32 bytes as application/octet-stream and how long they took', async (t) => {
  const response = await build(t).inject('/32')
  assert.equal(response.rawPayload.length, 32)
  assert.equal(response.headers['content-type'], 'application/octet-stream')
  assert.equal(response.headers['content-length'], '32')
  assert.match(String(response.headers['server-timing']), /^queue;dur=0, work;dur=\d+(\.\d)?$/)
})

test('GET /32 past the framework has the same status and headers as through it, also below MAX_BYTES', async (t) => {
  for (const [limit, status] of [
    ['32', 200],
    ['31', 400],
  ] as const) {
    const rng = build(t, { MAX_BYTES: limit })
    await rng.start()
    const { port } = rng.server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/32`)
    assert.equal(response.status, status)
    const bytes = await response.arrayBuffer()
    const { statusCode, headers } = await rng.inject('/32')
    assert.equal(statusCode, status)
    for (const name of ['content-type', 'content-length', 'x-served-by'])
      assert.equal(response.headers.get(name), headers[name], name)
    if (status !== 200) continue
    assert.equal(bytes.byteLength, 32)
    assert.match(response.headers.get('server-timing') ?? '', /^queue;dur=0, work;dur=\d+(\.\d)?$/)
  }
})

test('GET / returns the hostname', async (t) => {
  const response = await build(t, { DELAY_MS: '1' }).inject('/')
  assert.equal(response.body, 'RNG running on rng-1\n')
  assert.match(String(response.headers['content-type']), /^text\/plain/)
})

test('every count has its documented response, with and without a delay', async (t) => {
  const responses: [path: string, status: number, bytes?: number][] = [
    ['/0', 200, 0],
    ['/1', 200, 1],
    ['/0032', 200, 32],
    ['/%33%32', 200, 32],
    [`/${MAX_BYTES}`, 200, MAX_BYTES],
    [`/${MAX_BYTES + 1}`, 400],
    ['/99999999999999999999', 400],
    [`/${'9'.repeat(10_000)}`, 400],
    ['/-1', 404],
    ['/+1', 404],
    ['/1.5', 404],
    ['/1e3', 404],
    ['/0x20', 404],
    ['/32x', 404],
    ['/32/', 404],
    ['/%D9%A3', 404],
    ['/%20', 404],
    ['/%ff', 400],
    ['/%', 400],
    ['//', 404],
  ]
  for (const rng of [build(t), build(t, { DELAY_MS: '1' })]) {
    for (const [path, status, bytes] of responses) {
      const response = await rng.inject({ method: 'GET', url: `http://rng${path}` })
      assert.equal(response.statusCode, status, path.slice(0, 50))
      if (bytes !== undefined) assert.equal(response.rawPayload.length, bytes)
    }
  }
})

test('a count above the limit is refused with the limit in the message', async (t) => {
  const response = await build(t).inject('/100001')
  assert.equal(response.json().detail, 'expected at most 100000 bytes (MAX_BYTES), got 100001')
})

test('the response to any count is exactly that many bytes or a problem', async (t) => {
  const rng = build(t)
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.nat(2 * MAX_BYTES).map(String), fc.string({ unit: 'grapheme' })), async (count) => {
      const response = await rng.inject({ method: 'GET', url: `http://rng/${encodeURIComponent(count)}` })
      if (count === '') return
      const valid = /^\d+$/.test(count)
      const expected = !valid ? 404 : Number(count) > MAX_BYTES ? 400 : 200
      if (['healthz', 'readyz', 'metrics', 'version', '.', '..'].includes(count)) return
      assert.equal(response.statusCode, expected)
      if (valid && expected === 200) assert.equal(response.rawPayload.length, Number(count))
      else assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
    }),
    { numRuns: 300 },
  )
})

test('clients that go away leave the queue, and those behind them are served', async (t) => {
  const rng = build(t, { DELAY_MS: '20' })
  await rng.start()
  const { port } = rng.server.address() as AddressInfo
  const waiting = async () =>
    Number(/^dockercoins_queue_requests (\d+)$/m.exec((await rng.inject('/metrics')).body)?.[1])

  const { promise: allArrived, resolve } = Promise.withResolvers<void>()
  let arrived = 0
  rng.server.on('request', () => ++arrived === 50 && resolve())
  const clients = Array.from({ length: 50 }, () => {
    const client = httpRequest({ port, host: '127.0.0.1', path: '/32', agent: false })
    client.on('error', () => {})
    return client.end()
  })
  await allArrived
  for (const client of clients) client.destroy()
  const response = await fetch(`http://127.0.0.1:${port}/32`)
  assert.equal((await response.arrayBuffer()).byteLength, 32)
  assert.equal(await waiting(), 0)
  const { body } = await rng.inject('/metrics')
  const count = (status: number) =>
    Number(new RegExp(`count\\{.*route="/:count",status="${status}"\\} (\\d+)`).exec(body)?.[1])
  assert.equal(count(200) + count(499), 51)
  assert.ok(count(499) > 0, body)
})

test('GET / waits in the same queue', async (t) => {
  const rng = build(t, { DELAY_MS: '3600000', MAX_QUEUE: '1' })
  await rng.start()
  const { port } = rng.server.address() as AddressInfo
  const served = once(rng.server, 'request')
  fetch(`http://127.0.0.1:${port}/32`).catch(() => {})
  await served
  const waiting = once(rng.server, 'request')
  fetch(`http://127.0.0.1:${port}/`).catch(() => {})
  await waiting
  assert.match((await rng.inject('/metrics')).body, /^dockercoins_queue_requests 1$/m)
  assert.equal((await rng.inject('/')).statusCode, 503)
})

test('probes do not wait behind simulated work', async (t) => {
  const rng = build(t, { DELAY_MS: '3600000' })
  await rng.start()
  const { port } = rng.server.address() as AddressInfo
  const arrived = once(rng.server, 'request')
  fetch(`http://127.0.0.1:${port}/32`).catch(() => {})
  await arrived
  for (const path of ['/healthz', '/readyz', '/metrics', '/version'])
    assert.equal((await rng.inject(path)).statusCode, 200)
})

test('more than 32 large responses at once are refused with 503, and a small one is not', async (t) => {
  const rng = build(t, { MAX_BYTES: '33554432' })
  await rng.start()
  const { port } = rng.server.address() as AddressInfo
  const unread = Array.from({ length: 32 }, () =>
    httpRequest({ port, host: '127.0.0.1', path: '/33554432', agent: false }).end(),
  )
  const responses = await Promise.all(unread.map((request) => once(request, 'response')))
  const refused = await fetch(`http://127.0.0.1:${port}/33554432`)
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.match(await refused.text(), /expected at most 32 responses of more than 32768 bytes at once/)
  const small = await fetch(`http://127.0.0.1:${port}/32000`)
  assert.equal((await small.arrayBuffer()).byteLength, 32_000)

  const [left] = responses[0] as [IncomingMessage]
  const closed = once(left.socket, 'close')
  left.destroy()
  await closed
  // The service notices a moment after the client.
  let status = 503
  for (let attempt = 0; status === 503 && attempt < 1000; attempt++) {
    const response = await fetch(`http://127.0.0.1:${port}/100000`)
    status = response.status
    await response.arrayBuffer()
  }
  assert.equal(status, 200)
  for (const request of unread) request.destroy()
})

test('openapi.json describes exactly the routes', (t) => assertDescribesRoutes(openapi, build(t, { FAULTS: 'allow' })))

test('a response to a request whose body is not read closes the connection, and says so', async (t) => {
  const rng = build(t)
  await rng.start()
  const { port } = rng.server.address() as AddressInfo
  for (const extra of ['', 'Expect: 100-continue\r\n']) {
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /5 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${extra}\r\n`)
    assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n(.*\r\n)*connection: close\r\n/i)
  }
})
