import { createHash, type Hash } from 'node:crypto'
import type { Readable } from 'node:stream'

/** More bytes came than may be hashed. */
export class TooLarge extends Error {
  override name = 'TooLarge'
}

/** SHA-256 (FIPS 180-4) of a body as it streams in, so that memory does not grow with it. Rejects with TooLarge past `maxBytes`. */
export function hashStream(body: Readable, maxBytes: number): Promise<Hash> {
  const hash = createHash('sha256')
  let bytes = 0
  return new Promise((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) hash.update(chunk)
      else reject(new TooLarge())
    })
    body.on('end', () => resolve(hash))
    body.on('error', reject)
    body.on('close', () => reject(new Error('the body was cut off')))
  })
}
