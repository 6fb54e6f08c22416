import { Readable } from 'node:stream'

import { createService, Problem, simulateWork, type Service } from '@dockercoins/service'

import { readBody, TooLarge } from './body.ts'
import type { HasherConfig } from './config.ts'
import { createDigest, digestPieces, MAX_PIECES, PIECE_BYTES } from './digest.ts'

type Body = { Body?: Readable }

/** POST / answers the SHA-256 of the body, in hexadecimal; POST /batch one for each 32 bytes of it. */
export function buildHasher(config: HasherConfig): Service {
  const hasher = createService('hasher', config, { accessLog: true })
  const simulated = simulateWork(hasher, config)

  hasher.get('/', (_request, reply) => reply.type('text/plain').send(`HASHER running on ${config.hostname}\n`))

  // The body first, the line second: whoever sends slowly holds up nobody else.
  hasher.post<Body>('/', async ({ body, headers }, reply) => {
    const digest = createDigest()
    await takeBody(
      body,
      headers['content-length'],
      `${config.maxBytes} bytes (MAX_BYTES)`,
      config.maxBytes,
      digest.take,
    )
    reply.type('text/plain')
    return simulated.work(reply, digest.hex)
  })

  hasher.post<Body>('/batch', async ({ body, headers }, reply) => {
    const chunks: Buffer[] = []
    const most = `${MAX_PIECES} pieces of ${PIECE_BYTES} bytes`
    await takeBody(body, headers['content-length'], most, MAX_PIECES * PIECE_BYTES, (chunk) => chunks.push(chunk))
    const pieces = Buffer.concat(chunks)
    if (pieces.length === 0 || pieces.length % PIECE_BYTES > 0)
      throw new Problem(400, `expected pieces of ${PIECE_BYTES} bytes, got ${pieces.length} bytes in all`)
    reply.type('text/plain')
    return simulated.work(reply, () => digestPieces(pieces))
  })

  return hasher
}

/** Reads a body of at most `maxBytes`, which an error calls `most`. */
async function takeBody(
  body: Readable = Readable.from([]),
  announced = '0',
  most: string,
  maxBytes: number,
  take: (chunk: Buffer) => void,
): Promise<void> {
  if (Number(announced) > maxBytes) throw tooLarge(most, announced)
  try {
    await readBody(body, maxBytes, take)
  } catch (error) {
    if (error instanceof TooLarge) throw tooLarge(most, 'more')
    throw new Problem(400, `expected the whole body: ${(error as Error).message}`)
  }
}

function tooLarge(most: string, came: string): Problem {
  return new Problem(413, `expected a body of at most ${most}, got ${came}`)
}
