import type { ServerResponse } from 'node:http'

import { createService, Problem, unavailable, type Service } from '@dockercoins/service'
import { simulateWork } from '@dockercoins/simulation'

import type { RngConfig } from './config.ts'
import { CHUNK_BYTES, randomBytes, randomChunk } from './random-bytes.ts'

/**
 * Responses of more than one chunk at once. The kernel buffers up to 4 MiB of each for a client
 * that does not read, and Node cannot set how much.
 */
const MAX_STREAMS = 32
/** What the worker asks for, for one hash. */
const HASH_BYTES = 32

/** GET /32 returns 32 random bytes. */
export function buildRng(config: RngConfig): Service {
  const rng = createService('rng', config, { accessLog: true })
  const simulated = simulateWork(rng, config)
  let streams = 0

  rng.get('/', async (_request, reply) => {
    await simulated.pass(reply)
    return reply.type('text/plain').send(`RNG running on ${config.hostname}\n`)
  })

  rng.get<{ Params: { count: string } }>('/:count', (request, reply) => {
    const count = parseCount(request.params.count, config.maxBytes)
    return simulated.respond(reply, 'application/octet-stream', () => {
      if (count > CHUNK_BYTES) {
        beginStream(reply.raw)
        reply.header('content-length', count)
      }
      return randomBytes(count)
    })
  })
  if (config.maxBytes >= HASH_BYTES)
    simulated.addShortcut({
      method: 'GET',
      url: `/${HASH_BYTES}`,
      route: '/:count',
      type: 'application/octet-stream',
      serve: (_request, respond) => respond(() => randomChunk(HASH_BYTES)),
    })

  return rng

  function beginStream(response: ServerResponse): void {
    const detail = `expected at most ${MAX_STREAMS} responses of more than ${CHUNK_BYTES} bytes at once: try again in a moment`
    if (streams >= MAX_STREAMS) throw unavailable(detail)
    streams++
    response.once('close', () => streams--)
  }
}

function parseCount(count: string, maxBytes: number): number {
  if (!/^\d+$/.test(count))
    throw new Problem(404, `expected a whole number of bytes, as in /32, got /${count.slice(0, 100)}`)
  if (Number(count) <= maxBytes) return Number(count)
  throw new Problem(400, `expected at most ${maxBytes} bytes (MAX_BYTES), got ${count.slice(0, 100)}`)
}
