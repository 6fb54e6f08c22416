import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

import { listenLocally } from '@dockercoins/testing/listen'

import { createHttpClient } from './http-client.ts'

const GET = { method: 'GET', path: '/32', body: null } as const
const LONG_MS = 3_600_000

function connect(t: TestContext, port: number) {
  const client = createHttpClient(new URL(`http://localhost:${port}`), '127.0.0.1')
  t.after(() => client.destroy(new Error('the test is over')))
  return client
}

/** A client of an HTTP server, and how many connections it has opened. */
async function serve(t: TestContext, listener: RequestListener) {
  const server = createServer(listener)
  let connections = 0
  server.on('connection', () => connections++)
  t.after(() => server.close().closeAllConnections())
  return { client: connect(t, await listenLocally(server)), opened: () => connections }
}

/** A client of a server that handles bare connections. */
async function serveBare(t: TestContext, handle: (socket: Socket) => void) {
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    handle(socket)
  })
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return connect(t, await listenLocally(server))
}

test('a request arrives as it was sent, with the host of its URL', async (t) => {
  const { client } = await serve(t, async (request, response) => {
    const { method, url, headers } = request
    response.end(JSON.stringify({ method, url, headers, body: await text(request) }))
  })
  const { statusCode, body } = await client.request({ method: 'POST', path: '/x', body: Buffer.from('four') }, LONG_MS)
  assert.equal(statusCode, 200)
  const { headers, ...request } = JSON.parse(body.toString()) as { headers: Record<string, string> }
  assert.deepEqual(request, { method: 'POST', url: '/x', body: 'four' })
  assert.match(headers.host ?? '', /^localhost:\d+$/)
  assert.equal(headers['content-type'], 'application/octet-stream')
})

test('requests one after the other share a connection, and requests at once do not', async (t) => {
  const { client, opened } = await serve(t, (_request, response) => response.end('good'))
  for (let turn = 0; turn < 5; turn++) {
    await client.request(GET, LONG_MS)
    await nextTurn()
  }
  assert.equal(opened(), 1)
  await Promise.all(Array.from({ length: 4 }, () => client.request(GET, LONG_MS)))
  assert.equal(opened(), 4)
  assert.equal(client.isBusy, false)
})

test('a connection is replaced after five seconds', async (t) => {
  const { client, opened } = await serve(t, (_request, response) => response.end('good'))
  let now = 1000
  t.mock.method(performance, 'now', () => now)
  await client.request(GET, LONG_MS)
  await nextTurn()
  now += 3_900
  await client.request(GET, LONG_MS)
  await nextTurn()
  assert.equal(opened(), 1)
  now += 1_200
  await client.request(GET, LONG_MS)
  assert.equal(opened(), 2)
})

test('an idle connection is closed, because others may need its file', async (t) => {
  const closed = Promise.withResolvers<void>()
  const { client } = await serve(t, (_request, response) => {
    response.socket?.once('close', closed.resolve)
    response.end('good')
  })
  await client.request(GET, LONG_MS)
  await closed.promise
})

test('a connection that the server has closed is not used again', async (t) => {
  let closed = Promise.withResolvers<void>()
  const { client, opened } = await serve(t, (_request, response) => {
    response.socket?.once('close', closed.resolve)
    response.end('good', () => response.socket?.end())
  })
  for (let turn = 1; turn <= 3; turn++) {
    closed = Promise.withResolvers()
    await client.request(GET, LONG_MS)
    await closed.promise
    assert.equal(opened(), turn)
  }
})

test('a response whose end is the end of the connection is complete', async (t) => {
  const client = await serveBare(t, (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\ngood'))
  assert.equal((await client.request(GET, LONG_MS)).body.toString(), 'good')
})

const failures: Record<string, [handle: (socket: Socket) => void, error: RegExp]> = {
  'of a connection that is closed': [(socket) => socket.once('data', () => socket.end()), /closed before the response/],
  'of a response that is cut off': [
    (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngood')),
    /closed before the response/,
  ],
  'of a connection that is reset': [(socket) => socket.once('data', () => socket.resetAndDestroy()), /ECONNRESET/],
  'of what is not HTTP': [(socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'), /expected HTTP\/1\.1/],
}
for (const [which, [handle, error]] of Object.entries(failures)) {
  test(`a request ${which} fails, and the next has a connection of its own`, async (t) => {
    let connections = 0
    const client = await serveBare(t, (socket) => {
      if (connections++ === 0) handle(socket)
      else socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood'))
    })
    await assert.rejects(client.request(GET, LONG_MS), error)
    assert.equal((await client.request(GET, LONG_MS)).body.toString(), 'good')
  })
}

test('a response without a request ends its connection, and no later request gets it', async (t) => {
  const good = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood'
  const sockets: Socket[] = []
  const client = await serveBare(t, (socket) => {
    sockets.push(socket)
    socket.on('data', () => socket.write(good))
  })
  await client.request(GET, LONG_MS)
  const closed = once(sockets[0]!, 'close')
  sockets[0]!.write(good.replace('good', 'evil'))
  await closed
  assert.equal((await client.request(GET, LONG_MS)).body.toString(), 'good')
})

test('a server that ends each connection unasked fails no request', async (t) => {
  const client = await serveBare(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood')),
  )
  for (let turn = 0; turn < 50; turn++) assert.equal((await client.request(GET, LONG_MS)).body.toString(), 'good')
})

test('a request without a response in time fails, and its connection is closed', async (t) => {
  const closed = Promise.withResolvers<void>()
  const client = await serveBare(t, (socket) => socket.on('close', closed.resolve).resume())
  await assert.rejects(client.request(GET, 100), /expected a response within 100 ms/)
  await closed.promise
})

test('a response that came while the process stood still is taken, however late', async (t) => {
  const { client } = await serve(t, (_request, response) => {
    response.end('good')
    // The response and the connection are in the kernel. Their deadlines pass before they are read.
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_200))
  })
  assert.equal((await client.request(GET, 1_000)).body.toString(), 'good')
})

test('a connection that is not made in two seconds fails its request', async (t) => {
  // A handshake that is never answered.
  const server = createTcpServer((socket) => socket.resume())
  t.after(() => server.close())
  const client = createHttpClient(new URL(`https://localhost:${await listenLocally(server)}`), '127.0.0.1')
  t.after(() => client.destroy(new Error('the test is over')))
  await assert.rejects(client.request(GET, LONG_MS), /expected a connection within 2000 ms/)
})

test('a response may take longer than a connection', async (t) => {
  const { client } = await serve(t, (_request, response) => setTimeout(() => response.end('good'), 2_500))
  assert.equal((await client.request(GET, LONG_MS)).body.toString(), 'good')
})

test('over TLS the certificate is that of the name in the URL', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'key')
  const what = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=x'
  const name = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', file, '-out', `${file}.crt`]
  execFileSync('openssl', [...what.split(' '), ...name], { stdio: 'ignore' })
  const key = await readFile(file, 'utf8')
  const cert = await readFile(`${file}.crt`, 'utf8')
  const authorities = getCACertificates('default')
  setDefaultCACertificates([...authorities, cert])
  t.after(() => setDefaultCACertificates(authorities))
  const server = createTlsServer({ key, cert }, (_request, response) => response.end('good'))
  t.after(() => server.close().closeAllConnections())
  const port = await listenLocally(server)
  const request = async (host: string) => {
    const client = createHttpClient(new URL(`https://${host}:${port}`), '127.0.0.1')
    t.after(() => client.destroy(new Error('the test is over')))
    return (await client.request(GET, LONG_MS)).body.toString()
  }
  assert.equal(await request('localhost'), 'good')
  await assert.rejects(request('other.invalid'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  await assert.rejects(request('127.0.0.1'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

test('a service that does not listen is an error with its code', async (t) => {
  const server = createTcpServer()
  const port = await listenLocally(server)
  server.close()
  await once(server, 'close')
  await assert.rejects(connect(t, port).request(GET, LONG_MS), { code: 'ECONNREFUSED' })
})

test('destroy ends the requests in progress, and further ones fail', async (t) => {
  const arrived = Promise.withResolvers<void>()
  const client = await serveBare(t, (socket) => socket.once('data', () => arrived.resolve()))
  const response = client.request(GET, LONG_MS)
  await arrived.promise
  client.destroy(new Error('the end'))
  await assert.rejects(response, /the end/)
  await assert.rejects(client.request(GET, LONG_MS), /the end/)
})

test('a response that comes before all of the request was sent is taken, and the connection is not', async (t) => {
  const full = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull'
  const client = await serveBare(t, (socket) => {
    socket.pause()
    socket.write(full)
  })
  const request = { method: 'POST', path: '/', body: Buffer.alloc(32 * 1024 * 1024) } as const
  for (let turn = 0; turn < 2; turn++) assert.equal((await client.request(request, LONG_MS)).statusCode, 503)
})
