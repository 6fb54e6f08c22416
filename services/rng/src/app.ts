import { createService, Problem, simulateWork, type Service } from '@dockercoins/service'

import type { RngConfig } from './config.ts'
import { randomBytes } from './random-bytes.ts'

/** GET /32 answers 32 random bytes. */
export function buildRng(config: RngConfig): Service {
  const rng = createService('rng', config, { accessLog: true })
  const simulated = simulateWork(rng, config)

  rng.get('/', async (_request, reply) => {
    await simulated.pass(reply)
    return reply.type('text/plain').send(`RNG running on ${config.hostname}\n`)
  })

  rng.get<{ Params: { count: string } }>('/:count', (request, reply) => {
    const count = parseCount(request.params.count, config.maxBytes)
    reply.header('content-length', count)
    return simulated.answer(reply, 'application/octet-stream', () => randomBytes(count))
  })

  return rng
}

function parseCount(count: string, maxBytes: number): number {
  if (!/^\d+$/.test(count))
    throw new Problem(404, `expected a whole number of bytes, as in /32, got /${count.slice(0, 100)}`)
  if (Number(count) <= maxBytes) return Number(count)
  throw new Problem(400, `expected at most ${maxBytes} bytes (MAX_BYTES), got ${count.slice(0, 100)}`)
}
