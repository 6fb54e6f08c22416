import type { Readable } from 'node:stream'

/** More bytes came than are taken. */
export class TooLarge extends Error {
  override name = 'TooLarge'
}

/** Hands `take` each piece of a body as it comes. Rejects with TooLarge past `maxBytes`, and when the body is cut off. */
export function readBody(body: Readable, maxBytes: number, take: (chunk: Buffer) => void): Promise<void> {
  let bytes = 0
  return new Promise((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) take(chunk)
      else reject(new TooLarge())
    })
    body.on('end', resolve)
    body.on('error', reject)
    body.on('close', () => {
      // Each body is closed in the end, and an error is dear to make.
      if (!body.readableEnded) reject(new Error('the body was cut off'))
    })
  })
}
