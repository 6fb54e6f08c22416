import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { hashStream, TooLarge } from './digest.ts'

test('the digest is that of the whole body, however it is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), async (chunks) => {
      const buffers = chunks.map((chunk) => Buffer.from(chunk))
      const digest = await hashStream(Readable.from(buffers, { objectMode: false }), 10_000)
      assert.equal(digest(), createHash('sha256').update(Buffer.concat(buffers)).digest('hex'))
    }),
  )
})

test('one byte more than the limit is refused, the limit itself is not', async () => {
  await hashStream(Readable.from([Buffer.alloc(10)]), 10)
  await assert.rejects(hashStream(Readable.from([Buffer.alloc(5), Buffer.alloc(6)]), 10), TooLarge)
})

test('a body that is cut off rejects', async () => {
  const body = new Readable({ read() {} })
  const digest = hashStream(body, 10)
  body.push('abc')
  body.destroy()
  await assert.rejects(digest, /cut off/)
})
