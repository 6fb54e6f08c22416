import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'

import { parseSettings } from '@dockercoins/service'
import { assertDescribesRoutes } from '@dockercoins/testing/openapi'
import * as fc from 'fast-check'

import openapi from '../openapi.json' with { type: 'json' }
import { buildHasher } from './app.ts'
import { settings } from './config.ts'
import { MAX_PIECES } from './digest.ts'

const MAX_BYTES = 100_000

function build(t: TestContext, env: NodeJS.ProcessEnv = {}) {
  const defaults = { PORT: '0', HOST: '127.0.0.1', HOSTNAME: 'hasher-1', DELAY_MS: '0', MAX_BYTES: `${MAX_BYTES}` }
  const hasher = buildHasher(parseSettings(settings, { ...defaults, ...env }))
  hasher.log.level = 'silent'
  t.after(() => hasher.close())
  return hasher
}

async function start(hasher: ReturnType<typeof build>): Promise<number> {
  await hasher.start()
  return (hasher.server.address() as AddressInfo).port
}

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('POST / returns the SHA-256 of the body in 64 lower-case hexadecimal digits without a newline', async (t) => {
  const response = await build(t).inject({ method: 'POST', url: '/', payload: 'hello' })
  assert.equal(response.body, '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824')
  assert.match(String(response.headers['content-type']), /^text\/plain/)
  assert.match(String(response.headers['server-timing']), /^queue;dur=0, work;dur=\d+(\.\d)?$/)
})

test('32 bytes past the framework get the same status and headers as through it, also below MAX_BYTES', async (t) => {
  const payload = 'x'.repeat(32)
  for (const [limit, status] of [
    ['32', 200],
    ['31', 413],
  ] as const) {
    const hasher = build(t, { MAX_BYTES: limit })
    const response = await fetch(`http://127.0.0.1:${await start(hasher)}/`, { method: 'POST', body: payload })
    assert.equal(response.status, status)
    const body = await response.text()
    const { statusCode, headers } = await hasher.inject({ method: 'POST', url: '/', payload })
    assert.equal(statusCode, status)
    for (const name of ['content-type', 'content-length', 'x-served-by'])
      assert.equal(response.headers.get(name), headers[name], name)
    if (status === 200) assert.equal(body, sha256(payload))
  }
})

test('GET / returns the hostname', async (t) => {
  assert.equal((await build(t).inject('/')).body, 'HASHER running on hasher-1\n')
})

test('the content type does not matter, and neither does its absence', async (t) => {
  const hasher = build(t)
  const types = [undefined, '', 'garbage', 'text/plain', 'application/json', 'multipart/form-data', 'a/b; c', ';;;']
  for (const type of types) {
    const headers = type === undefined ? {} : { 'content-type': type }
    const response = await hasher.inject({ method: 'POST', url: '/', payload: '{', headers })
    assert.equal(response.body, sha256('{'), `${type}`)
  }
})

test('no body at all is the empty body', async (t) => {
  assert.equal((await build(t).inject({ method: 'POST', url: '/' })).body, sha256(''))
})

test('whatever the bytes, their digest comes back, with a length or in chunks', async (t) => {
  const url = `http://127.0.0.1:${await start(build(t))}/`
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.boolean(), async (bytes, chunked) => {
      const body = chunked ? new Blob([bytes.slice()]).stream() : bytes.slice()
      const response = await fetch(url, { method: 'POST', body, ...(chunked ? { duplex: 'half' } : {}) })
      assert.equal(await response.text(), sha256(bytes))
    }),
    { numRuns: 60 },
  )
})

test('a body over the limit is answered 413, whether it says so beforehand or not', async (t) => {
  const url = `http://127.0.0.1:${await start(build(t))}/`
  const atLimit = Buffer.alloc(MAX_BYTES)
  const over = Buffer.alloc(MAX_BYTES + 1)
  for (const duplex of [undefined, 'half'] as const) {
    const post = (bytes: Buffer) =>
      duplex
        ? fetch(url, { method: 'POST', body: new Blob([new Uint8Array(bytes)]).stream(), duplex })
        : fetch(url, { method: 'POST', body: new Uint8Array(bytes) })
    assert.equal(await (await post(atLimit)).text(), sha256(atLimit))
    const response = await post(over)
    assert.equal(response.status, 413)
    assert.match(((await response.json()) as { detail: string }).detail, /^expected a body of at most 100000 bytes/)
  }
})

test('a body that is cut off costs nothing, and the next is hashed', async (t) => {
  const hasher = build(t)
  const port = await start(hasher)
  const socket = connect(port, '127.0.0.1')
  const arrived = once(hasher.server, 'request')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc')
  await arrived
  socket.destroy()
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'next' })
  assert.equal(await response.text(), sha256('next'))
})

test('broken chunks are answered with a problem', async (t) => {
  const socket = connect(await start(build(t)), '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc')
  assert.match(await text(socket), /^HTTP\/1.1 400 [^]*application\/problem\+json/)
})

test('POST /batch returns the SHA-256 of each 32 bytes, one per line', async (t) => {
  const pieces = ['a', 'b', 'c'].map((letter) => letter.repeat(32))
  const response = await build(t).inject({ method: 'POST', url: '/batch', payload: pieces.join('') })
  assert.equal(response.body, pieces.map((piece) => `${sha256(piece)}\n`).join(''))
  assert.match(String(response.headers['content-type']), /^text\/plain/)
  assert.match(String(response.headers['server-timing']), /^queue;dur=/)
})

test('a batch of a thousand pieces is answered, one of more is 413, and one of no whole piece is 400', async (t) => {
  const url = `http://127.0.0.1:${await start(build(t, { MAX_BYTES: '10' }))}/batch`
  for (const duplex of [undefined, 'half'] as const) {
    const post = (length: number) => {
      const bytes = new Uint8Array(length)
      return duplex
        ? fetch(url, { method: 'POST', body: new Blob([bytes]).stream(), duplex })
        : fetch(url, { method: 'POST', body: bytes })
    }
    const most = await post(32 * MAX_PIECES)
    assert.equal((await most.text()).length, 65 * MAX_PIECES)
    for (const [length, status, detail] of [
      [32 * MAX_PIECES + 1, 413, /^expected a body of at most 1000 pieces of 32 bytes, got (32001|more)$/],
      [33, 400, /^expected pieces of 32 bytes, got 33 bytes in all$/],
      [0, 400, /^expected pieces of 32 bytes, got 0 bytes in all$/],
    ] as const) {
      const response = await post(length)
      assert.equal(response.status, status)
      assert.match(((await response.json()) as { detail: string }).detail, detail)
    }
  }
})

test('a batch is one request in the queue, and is delayed once', async (t) => {
  const hasher = build(t, { DELAY_MS: '20', CONCURRENCY: '1' })
  const payload = Buffer.alloc(32 * 100)
  const [first] = await Promise.all([1, 2].map(() => hasher.inject({ method: 'POST', url: '/batch', payload })))
  const [, workMs] = /work;dur=([\d.]+), concurrency;desc=1$/.exec(String(first?.headers['server-timing'])) ?? []
  // A delay for each of the hundred pieces would be 2 s.
  assert.ok(Number(workMs) < 2000, `${workMs} ms`)
})

test('a body over the limit is refused while the client still sends, and the response is not reset', async (t) => {
  const port = await start(build(t))
  const body = Buffer.alloc(8 * 1024 * 1024)
  const chunk = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
  for (const path of ['/', '/batch']) {
    for (const [header, bytes] of [
      [`content-length: ${body.length}`, body],
      ['transfer-encoding: chunked', chunk],
    ] as const) {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${header}\r\n\r\n`)
      // All of it before the client reads.
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.write(bytes, () => resolve())
      })
      assert.match(await text(socket), /^HTTP\/1.1 413 [^]*expected a body of at most/, header)
      socket.end()
    }
  }
})

test('a client that asks before it sends too large a body gets 413 and no invitation', async (t) => {
  const port = await start(build(t))
  for (const [length, status] of [
    [MAX_BYTES + 1, 413],
    [MAX_BYTES, 100],
  ]) {
    const socket = connect(port, '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`)
    const [first] = (await once(socket, 'data')) as [Buffer]
    assert.match(first.toString(), new RegExp(`^HTTP/1.1 ${status} `))
    socket.destroy()
  }
})

test('openapi.json describes exactly the routes', (t) => assertDescribesRoutes(openapi, build(t, { FAULTS: 'allow' })))
