import { createHash, hash, type Hash } from 'node:crypto'
import type { Readable } from 'node:stream'

/** More bytes came than may be hashed. */
export class TooLarge extends Error {
  override name = 'TooLarge'
}

/**
 * Takes in a body and gives what completes its SHA-256 (FIPS 180-4), in hexadecimal. It is hashed as it streams in, so
 * that memory does not grow with it. Rejects with TooLarge past `maxBytes`, and when the body is cut off.
 */
export function hashStream(body: Readable, maxBytes: number): Promise<() => string> {
  let bytes = 0
  let first: Buffer | undefined
  let rest: Hash | undefined

  function take(chunk: Buffer): void {
    // A small body comes in one piece, and that takes half the time to hash at once.
    if (!first) first = chunk
    else (rest ??= createHash('sha256').update(first)).update(chunk)
  }

  function digest(): string {
    return rest ? rest.digest('hex') : hash('sha256', first ?? '')
  }

  return new Promise((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) take(chunk)
      else reject(new TooLarge())
    })
    body.on('end', () => resolve(digest))
    body.on('error', reject)
    body.on('close', () => {
      // Each body is closed in the end, and an error is dear to make.
      if (!body.readableEnded) reject(new Error('the body was cut off'))
    })
  })
}
