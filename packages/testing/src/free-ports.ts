import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** The first of `count` consecutive ports that nothing listens on. */
export async function freePorts(count = 1): Promise<number> {
  for (;;) {
    // At random, because several test files run at once. Outgoing connections get higher ports, so
    // a server that is started again finds its own free.
    const base = randomInt(12_000, 32_000 - count)
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(base + index)))
    if (!free.includes(false)) return base
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
