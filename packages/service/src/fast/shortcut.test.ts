import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'

import { createService } from '../service.ts'
import { httpSettings, parseSettings } from '../settings.ts'

const BODY = 'abcd'
const USUAL = `POST /short HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n${BODY}`
const LAST = 'GET /end HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'

/** A service whose shortcut and route respond with their names. */
async function start(t: TestContext, env: NodeJS.ProcessEnv = {}) {
  const defaults = { HOST: '127.0.0.1', PORT: '0', HOSTNAME: 'replica-1' }
  const service = createService('test', parseSettings(httpSettings, { ...defaults, ...env }))
  service.log.level = 'silent'
  t.after(() => service.close())
  service.addHttpMethod('POST', { hasBody: false, overrideExisting: true })
  service.post('/short', (_request, reply) => reply.type('text/plain').send('route'))
  service.addShortcut({
    method: 'POST',
    url: '/short',
    contentLength: '4',
    route: '/short',
    type: 'text/plain',
    serve(request, respond) {
      request.resume().on('end', () => respond(() => 'shortcut'))
    },
    timing: () => 'queue;dur=0',
  })
  await service.start()
  const { port } = service.server.address() as AddressInfo
  const send = (bytes: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(bytes)
    return text(socket)
  }
  return { service, port, send }
}

/** The head of a response without its date. */
function headOf(response: string): string[] {
  const [head = ''] = response.split('\r\n\r\n')
  return head.split('\r\n').filter((line) => !/^(date|connection):/i.test(line))
}

test('the usual request takes the shortcut, and its connection serves the next', async (t) => {
  const { send } = await start(t)
  const responses = await send(USUAL + USUAL + LAST)
  assert.equal(responses.match(/\r\n\r\nshortcutHTTP/g)?.length, 2)
  assert.match(responses, /404 Not Found/)
  const [first = ''] = responses.split('shortcut')
  assert.deepEqual(headOf(first), [
    'HTTP/1.1 200 OK',
    'content-type: text/plain',
    'content-length: 8',
    'server-timing: queue;dur=0',
    'x-served-by: replica-1',
  ])
  const date = /\r\nDate: (.*)\r\n/.exec(first)?.[1] ?? ''
  assert.equal(new Date(date).toUTCString(), date)
  assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, date)
})

test('an unusual request takes the route, with the problem that it has there', async (t) => {
  const { send } = await start(t)
  const unusual: Record<string, [bytes: string, expected: RegExp]> = {
    'another length': ['POST /short HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabcde', /\r\n\r\nroute/],
    'the same length with a zero before it': [USUAL.replace(': 4', ': 04'), /\r\n\r\nroute/],
    chunks: [
      'POST /short HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n',
      /\r\n\r\nroute/,
    ],
    'no body': ['POST /short HTTP/1.1\r\nhost: x\r\n\r\n', /\r\n\r\nroute/],
    'a query': [USUAL.replace('/short', '/short?a'), /\r\n\r\nroute/],
    'a connection that closes': [USUAL.replace('host', 'connection: close\r\nhost'), /\r\n\r\nroute/],
    'HTTP/1.0': [USUAL.replace('1.1', '1.0'), /\r\n\r\nroute/],
    Expect: [USUAL.replace('host', 'expect: 100-continue\r\nhost'), /\r\n\r\nroute/],
    'an unknown Expect': [USUAL.replace('host', 'expect: tea\r\nhost'), /417/],
    'another method': [USUAL.replace('POST', 'PUT'), /404/],
    'no Host': [USUAL.replace('host: x\r\n', ''), /400[^]*expected a Host header/],
    'two Hosts': [USUAL.replace('host', 'host: y\r\nhost'), /400[^]*expected one valid Host header/],
    'two lengths': [USUAL.replace('host', 'content-length: 4\r\nhost'), /400/],
    'a length and chunks': [USUAL.replace('host', 'transfer-encoding: chunked\r\nhost'), /400/],
  }
  for (const [what, [bytes, expected]] of Object.entries(unusual)) {
    const response = await send(bytes + LAST)
    assert.match(response, expected, what)
    assert.doesNotMatch(response, /shortcut/, what)
  }
})

test('a traced service has no shortcut', async (t) => {
  const { send } = await start(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_TRACES_SAMPLER: 'always_off',
  })
  assert.match(await send(USUAL + LAST), /\r\n\r\nroute/)
})

test('the shortcut is counted, also where the body is cut off', async (t) => {
  const { service, port, send } = await start(t)
  await send(USUAL + LAST)
  const arrived = once(service.server, 'request')
  const leaver = connect(port, '127.0.0.1')
  leaver.write(USUAL.slice(0, -1))
  const [, response] = (await arrived) as [IncomingMessage, ServerResponse]
  const closed = once(response, 'close')
  leaver.destroy()
  await closed
  const { body } = await service.inject('/metrics')
  for (const status of [200, 400])
    assert.match(body, new RegExp(`count\\{method="POST",route="/short",status="${status}"\\} 1\n`))
})

test('a service that is full refuses the usual request like any other', async (t) => {
  const { service, port, send } = await start(t, { MAX_CONNECTIONS: '4' })
  const unfinished = []
  for (let count = 0; count < 2; count++) {
    const arrived = once(service.server, 'request')
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    socket.write(USUAL.slice(0, -1))
    unfinished.push(socket)
    await arrived
  }
  assert.match(await send(USUAL + LAST), /^HTTP\/1.1 503 [^]*\r\nretry-after: 1\r\n/)
})

test('a request that is complete only after the service began to stop is finished, and its connection is closed', async (t) => {
  const { service, port } = await start(t)
  const arrived = once(service.server, 'request')
  const socket = connect(port, '127.0.0.1')
  const response = text(socket)
  socket.write(USUAL.slice(0, -1))
  await arrived
  const stopped = service.close()
  socket.write(USUAL.slice(-1))
  assert.match(await response, /^HTTP\/1.1 200 OK\r\n[^]*\r\nconnection: close\r\n[^]*\r\n\r\nshortcut$/)
  await stopped
})

test('a broken request behind the usual one gets its problem after the response', async (t) => {
  const { send } = await start(t)
  const responses = await send(`${USUAL}BROKEN\r\n\r\n`)
  assert.match(responses, /^HTTP\/1.1 200 [^]*shortcutHTTP\/1.1 400 /)
})
