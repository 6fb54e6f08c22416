import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { createResponseParser } from './response-parser.ts'

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

/** Parses `pieces`, and returns the body with what else matters. */
function parse(...pieces: string[]) {
  const parser = createResponseParser()
  let response
  for (const piece of pieces) response ??= parser.push(bytesOf(piece))
  response ??= parser.end()
  return response && { ...response, body: response.body.toString('latin1'), keepAliveMs: parser.keepAliveMs }
}

test('a response has its status, its headers in lower case, and its body', () => {
  const response = parse('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Served-By:  rng-1 \r\n\r\ngood')
  assert.equal(response?.statusCode, 200)
  assert.equal(response.headers['x-served-by'], 'rng-1')
  assert.equal(response.body, 'good')
  assert.equal(response.keepAliveMs, 4000)
})

const bodies: Record<string, [text: string, body: string]> = {
  'of a known length': ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood', 'good'],
  'without a body': ['HTTP/1.1 204 No Content\r\n\r\n', ''],
  'of no bytes, without a reason': ['HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', ''],
  'in chunks': [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x="y"\r\ngo\r\n02\r\nod\r\n0\r\nTrailer: x\r\n\r\n',
    'good',
  ],
  'after informational ones': [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
    'x',
  ],
  'that ends with the connection': ['HTTP/1.0 200 OK\r\nServer: x\r\n\r\ngood', 'good'],
}
for (const [which, [text, body]] of Object.entries(bodies)) {
  test(`a response ${which} is the same however its bytes arrive`, () => {
    assert.equal(parse(text)?.body, body)
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length]
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end))
        assert.equal(parse(...pieces)?.body, body)
      }),
    )
  })
}

test('one parser parses the responses of a connection one after the other', () => {
  const parser = createResponseParser()
  for (let turn = 0; turn < 300; turn++) {
    for (const [text, body] of Object.values(bodies).slice(0, -1)) {
      assert.equal(parser.push(bytesOf(text))?.body.toString(), body)
      assert.equal(parser.keepAliveMs, 4000)
    }
  }
})

const refused: Record<string, string> = {
  'another protocol': 'RFB 003.008\n\r\n\r\n',
  'another version': 'HTTP/2.0 200 OK\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a bare line feed': 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
  'a folded header': 'HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n',
  'a space before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
  'both framings': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
  'a length in hexadecimal': 'HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx',
  'another coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'a chunk of no size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n',
  'a chunk that is longer than its size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n',
  'another protocol on the connection': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
  'more than 1 MiB': `HTTP/1.1 200 OK\r\nContent-Length: ${1024 * 1024 + 1}\r\n\r\n`,
  'a chunk of more than 1 MiB': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n${'x'.repeat(0x100001)}`,
  'more than 1 MiB until the connection ends': `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(0x100001)}`,
  'more than 16 KiB of headers': `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(17_000)}`,
  'more than 16 KiB of informational responses': 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(500),
  'more than 16 KiB of trailers': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'X: y\r\n'.repeat(5000)}`,
}
for (const [what, text] of Object.entries(refused)) {
  test(`${what} is refused`, () => {
    assert.throws(() => parse(text), /^Error: expected /)
    const half = Math.floor(text.length / 2)
    assert.throws(() => parse(text.slice(0, half), text.slice(half)), /^Error: expected /)
  })
}

test('a response that the end of the connection cuts off is none', () => {
  assert.equal(parse('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngood'), undefined)
  assert.equal(parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n'), undefined)
  assert.equal(parse('HTTP/1.1 200 OK\r\n'), undefined)
})

function keepAliveMs(headers: string, version = '1.1') {
  return parse(`HTTP/${version} 200 OK\r\n${headers}Content-Length: 0\r\n\r\n`)?.keepAliveMs
}

test('a connection is used again for as long as the server keeps it, less a second', () => {
  assert.equal(keepAliveMs(''), 4000)
  assert.equal(keepAliveMs('Connection: close\r\n'), 0)
  assert.equal(keepAliveMs('Connection: X, Close\r\n'), 0)
  assert.equal(keepAliveMs('Keep-Alive: timeout=3, max=100\r\n'), 2000)
  assert.equal(keepAliveMs('Keep-Alive: timeout=1\r\n'), 0)
  assert.equal(keepAliveMs('Keep-Alive: timeout=600\r\n'), 4000)
  assert.equal(keepAliveMs('', '1.0'), 0)
  assert.equal(keepAliveMs('Connection: keep-alive\r\n', '1.0'), 4000)
})

test('a connection with bytes after the response is not used again', () => {
  assert.equal(parse('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK')?.keepAliveMs, 0)
})

test('a head takes time in proportion to its length', { timeout: 10_000 }, () => {
  const spaces = ' '.repeat(16_000)
  for (const line of [`X:${spaces}\0`, `X: a${spaces}a\0`, `Connection: a${spaces}a\0`, `Keep-Alive:${spaces}\0`])
    assert.throws(() => parse(`HTTP/1.1 200 OK\r\n${line}\r\n\r\n`), /^Error: expected a header/)
  assert.ok(parse(`HTTP/1.1 200 OK\r\nConnection: a${spaces}a\r\nContent-Length: 0\r\n\r\n`))
})

test('a response in chunks of a byte has as many as it needs', () => {
  const chunks = '1\r\nx\r\n'.repeat(32_000)
  assert.equal(parse(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)?.body.length, 32_000)
})

test('whatever the bytes, the parser returns a response, waits or says what it expected', () => {
  const part = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'Content-Length: 2\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '2\r\n',
      'xy',
    ),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(fc.array(part), (pieces) => {
      try {
        parse(...pieces)
      } catch (error) {
        assert.match(String(error), /^Error: expected /)
      }
    }),
    { numRuns: 2000 },
  )
})
