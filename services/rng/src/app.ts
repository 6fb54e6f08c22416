import type { ServerResponse } from 'node:http'

import { createService, Problem, type Service } from '@dockercoins/service'
import { simulateWork } from '@dockercoins/simulation'

import type { RngConfig } from './config.ts'
import { CHUNK_BYTES, randomBytes } from './random-bytes.ts'

/** Streams at once. The system buffers up to 4 MiB of each for a client that does not read, and Node cannot set how much. */
const MAX_STREAMS = 32

/** GET /32 answers 32 random bytes. */
export function buildRng(config: RngConfig): Service {
  const rng = createService('rng', config, { accessLog: true })
  const simulated = simulateWork(rng, config)
  let streams = 0

  function countStream(response: ServerResponse): void {
    if (streams >= MAX_STREAMS) throw tooManyStreams()
    streams++
    response.once('close', () => streams--)
  }

  rng.get('/', async (_request, reply) => {
    await simulated.pass(reply)
    return reply.type('text/plain').send(`RNG running on ${config.hostname}\n`)
  })

  rng.get<{ Params: { count: string } }>('/:count', (request, reply) => {
    const count = parseCount(request.params.count, config.maxBytes)
    reply.header('content-length', count)
    return simulated.answer(reply, 'application/octet-stream', () => {
      if (count > CHUNK_BYTES) countStream(reply.raw)
      return randomBytes(count)
    })
  })

  return rng
}

function tooManyStreams(): Problem {
  const detail = `expected at most ${MAX_STREAMS} responses of more than ${CHUNK_BYTES} bytes at once: try again in a moment`
  return new Problem(503, detail, { 'retry-after': '1' })
}

function parseCount(count: string, maxBytes: number): number {
  if (!/^\d+$/.test(count))
    throw new Problem(404, `expected a whole number of bytes, as in /32, got /${count.slice(0, 100)}`)
  if (Number(count) <= maxBytes) return Number(count)
  throw new Problem(400, `expected at most ${maxBytes} bytes (MAX_BYTES), got ${count.slice(0, 100)}`)
}
