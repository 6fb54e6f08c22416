import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'

import { readBody, TooLarge } from './body.ts'

const ignore = () => {}

test('every byte is handed over, in order', async () => {
  const chunks: Buffer[] = []
  const body = Readable.from(['ab', 'c', 'def'].map((text) => Buffer.from(text)))
  await readBody(body, 6, (chunk) => chunks.push(chunk))
  assert.equal(Buffer.concat(chunks).toString(), 'abcdef')
})

test('one byte more than the limit is refused, the limit itself is not', async () => {
  await readBody(Readable.from([Buffer.alloc(10)]), 10, ignore)
  await assert.rejects(readBody(Readable.from([Buffer.alloc(5), Buffer.alloc(6)]), 10, ignore), TooLarge)
})

test('a body that is cut off rejects', async () => {
  const body = new Readable({ read() {} })
  const read = readBody(body, 10, ignore)
  body.push('abc')
  body.destroy()
  await assert.rejects(read, /cut off/)
})
