import { Readable } from 'node:stream'

import { createService, Problem, simulateWork, type Service } from '@dockercoins/service'

import type { HasherConfig } from './config.ts'
import { hashStream, TooLarge } from './digest.ts'

/** POST / answers the SHA-256 of the body, in hexadecimal. */
export function buildHasher(config: HasherConfig): Service {
  const hasher = createService('hasher', config, { accessLog: true })
  const simulated = simulateWork(hasher, config)

  hasher.get('/', (_request, reply) => reply.type('text/plain').send(`HASHER running on ${config.hostname}\n`))

  hasher.post<{ Body?: Readable }>('/', async (request, reply) => {
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > config.maxBytes) throw tooLarge(config.maxBytes, `${announced}`)
    // The body first, the line second: whoever sends slowly holds up nobody else.
    const digest = await readBody(request.body, config.maxBytes)
    reply.type('text/plain')
    return simulated.work(reply, digest)
  })

  return hasher
}

async function readBody(body: Readable = Readable.from([]), maxBytes: number): Promise<() => string> {
  try {
    return await hashStream(body, maxBytes)
  } catch (error) {
    if (error instanceof TooLarge) throw tooLarge(maxBytes, 'more')
    throw new Problem(400, `expected the whole body: ${(error as Error).message}`)
  }
}

function tooLarge(maxBytes: number, came: string): Problem {
  return new Problem(413, `expected a body of at most ${maxBytes} bytes (MAX_BYTES), got ${came}`)
}
