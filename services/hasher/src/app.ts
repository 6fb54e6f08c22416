import { createService, Problem, type Service } from '@dockercoins/service'
import { simulateWork } from '@dockercoins/simulation'

import { readBody, readWholeBody } from './body.ts'
import type { HasherConfig } from './config.ts'
import { createDigest, digestPieces, MAX_PIECES, PIECE_BYTES } from './digest.ts'

/**
 * POST / returns the SHA-256 of the body, in hexadecimal; POST /batch one for each 32 bytes of it.
 */
export function buildHasher(config: HasherConfig): Service {
  const hasher = createService('hasher', config, { accessLog: true })
  const simulated = simulateWork(hasher, config)
  const bodyLimit = { maxBytes: config.maxBytes, inWords: `${config.maxBytes} bytes (MAX_BYTES)` }
  const batchLimit = { maxBytes: MAX_PIECES * PIECE_BYTES, inWords: `${MAX_PIECES} pieces of ${PIECE_BYTES} bytes` }

  hasher.get('/', (_request, reply) => reply.type('text/plain').send(`HASHER running on ${config.hostname}\n`))

  // Fastify parses no body: the routes read the raw one, whatever its content type.
  hasher.addHttpMethod('POST', { hasBody: false, overrideExisting: true })

  // The body before the queue: a client that sends slowly delays no other.
  hasher.post('/', async (request, reply) => {
    const digest = createDigest()
    await readBody(request.raw, bodyLimit, digest.take)
    return simulated.respond(reply, 'text/plain', digest.hex)
  })
  if (config.maxBytes >= PIECE_BYTES)
    simulated.addShortcut({
      method: 'POST',
      url: '/',
      contentLength: `${PIECE_BYTES}`,
      route: '/',
      type: 'text/plain',
      serve(request, respond) {
        const digest = createDigest()
        request.on('data', digest.take).on('end', () => respond(digest.hex))
      },
    })

  hasher.post('/batch', async (request, reply) => {
    const pieces = await readWholeBody(request.raw, batchLimit)
    if (pieces.length === 0 || pieces.length % PIECE_BYTES > 0)
      throw new Problem(400, `expected pieces of ${PIECE_BYTES} bytes, got ${pieces.length} bytes in all`)
    return simulated.respond(reply, 'text/plain', () => digestPieces(pieces))
  })
  return hasher
}
