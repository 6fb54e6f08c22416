import type { IncomingMessage } from 'node:http'

import { Problem } from '@dockercoins/service'

/** The largest body that is accepted, and its name in an error. */
interface Limit {
  maxBytes: number
  inWords: string
}

/**
 * Passes each chunk of a body to `take`. Rejects with a 413 Problem above the limit, and with 400
 * if the body is cut off.
 */
export function readBody(body: IncomingMessage, limit: Limit, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const { 'content-length': announced = '0', 'transfer-encoding': coding } = body.headers
    if (Number(announced) > limit.maxBytes) return reject(tooLarge(limit, announced))
    if (announced === '0' && coding === undefined) return resolve()
    let bytes = 0
    const cutOff = (why: string) => reject(new Problem(400, `expected the whole body: ${why}`))
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= limit.maxBytes) take(chunk)
      // Only once: the client may go on sending.
      else if (bytes - chunk.length <= limit.maxBytes) reject(tooLarge(limit, 'more'))
    })
    body.on('end', resolve)
    body.on('error', (error) => cutOff(error.message))
    body.on('close', () => {
      // Every body is closed in the end, so the error is created only if needed.
      if (!body.readableEnded) cutOff('it was cut off')
    })
  })
}

/**
 * The whole of a body. Chunks are copied, because a kept chunk of one byte takes hundreds of bytes
 * of memory.
 */
export async function readWholeBody(body: IncomingMessage, limit: Limit): Promise<Buffer> {
  const announced = Number(body.headers['content-length'] ?? limit.maxBytes)
  const whole = Buffer.allocUnsafe(Math.min(announced, limit.maxBytes))
  let length = 0
  await readBody(body, limit, (chunk) => {
    length += chunk.copy(whole, length)
  })
  return whole.subarray(0, length)
}

function tooLarge({ inWords }: Limit, came: string): Problem {
  return new Problem(413, `expected a body of at most ${inWords}, got ${came}`)
}
