import { randomFillSync } from 'node:crypto'
import { Readable } from 'node:stream'

const POOL_BYTES = 8 * 1024
/** More bytes than this are streamed. A batch of 1,000 units (32,000 bytes) is not. */
export const CHUNK_BYTES = 32 * 1024

let pool = Buffer.alloc(0)

/**
 * `count` cryptographically random bytes: a buffer if they fit in one chunk, else a stream that
 * generates them as they are read, so memory does not grow with `count`.
 */
export function randomBytes(count: number): Buffer | Readable {
  if (count <= CHUNK_BYTES) return randomChunk(count)
  return Readable.from(randomChunks(count), { objectMode: false, highWaterMark: CHUNK_BYTES })
}

function* randomChunks(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= CHUNK_BYTES) yield randomChunk(Math.min(left, CHUNK_BYTES))
}

/**
 * `count` cryptographically random bytes, at most one chunk. One system call fills a pool for many
 * small requests, and each byte of it is used once.
 */
export function randomChunk(count: number): Buffer {
  if (count > POOL_BYTES / 4) return randomFillSync(Buffer.allocUnsafeSlow(count))
  if (pool.length < count) pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES))
  const chunk = pool.subarray(0, count)
  pool = pool.subarray(count)
  return chunk
}
