import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { createDigest, digestPieces, MAX_PIECES, PIECE_BYTES } from './digest.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('the digest is that of the whole, however it is cut into chunks', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 })
  fc.assert(
    fc.property(chunks, (pieces) => {
      const digest = createDigest()
      for (const piece of pieces) digest.take(Buffer.from(piece))
      assert.equal(digest.hex(), sha256(Buffer.concat(pieces)))
    }),
  )
})

test('each piece has its own digest, in order, a line each', () => {
  const pieces = fc.array(fc.uint8Array({ minLength: PIECE_BYTES, maxLength: PIECE_BYTES }), { maxLength: MAX_PIECES })
  fc.assert(
    fc.property(pieces, (all) => {
      assert.equal(digestPieces(Buffer.concat(all)), all.map((piece) => `${sha256(piece)}\n`).join(''))
    }),
  )
})
