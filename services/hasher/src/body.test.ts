import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'

import { readBody, readWholeBody } from './body.ts'

const limit = { maxBytes: 10, inWords: 'ten bytes' }
/** A request with this body, and with that length or in chunks. */
function incoming(body: Readable, length?: string): IncomingMessage {
  const headers = length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }
  return Object.assign(body, { headers }) as unknown as IncomingMessage
}
const chunked = (chunks: Buffer[], length?: string) => incoming(Readable.from(chunks), length)
const ignore = () => {}

test('every byte is handed over, in order', async () => {
  const chunks: Buffer[] = []
  const body = ['ab', 'c', 'def'].map((text) => Buffer.from(text))
  await readBody(chunked(body), limit, (chunk) => chunks.push(chunk))
  assert.equal(Buffer.concat(chunks).toString(), 'abcdef')
})

test('no body has no bytes', () => readBody(incoming(new Readable(), '0'), limit, () => assert.fail()))

test('one byte more than the limit is refused, said beforehand or not, and the limit itself is not', async () => {
  await readBody(chunked([Buffer.alloc(10)], '10'), limit, ignore)
  const over = { statusCode: 413, message: /^expected a body of at most ten bytes, got (more|11)$/ }
  await assert.rejects(readBody(chunked([Buffer.alloc(5), Buffer.alloc(6)]), limit, ignore), over)
  await assert.rejects(readBody(chunked([Buffer.alloc(11)], '11'), limit, ignore), over)
})

test('the whole of a body is put together from however many chunks, with a length or without', async () => {
  const chunks = Array.from({ length: 10 }, (_, index) => Buffer.of(index))
  for (const length of [undefined, '10'])
    assert.deepEqual(await readWholeBody(chunked(chunks, length), limit), Buffer.concat(chunks))
  assert.equal((await readWholeBody(chunked([], '0'), limit)).length, 0)
})

test('a body that is cut off rejects', async () => {
  const body = new Readable({ read() {} })
  const read = readBody(incoming(body), limit, ignore)
  body.push('abc')
  body.destroy()
  await assert.rejects(read, { statusCode: 400, message: /cut off/ })
})
