import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Outgoing connections get higher ports, so a server that is started again finds its own free. */
const FIRST = 12_000
const LAST = 32_000
/** A process takes its ports from blocks of so many. No other process has the same block. */
const BLOCK = 100

let next = 0
let end = 0

/** Resolves to the first of `count` consecutive free ports (at most 99). No other test gets them. */
export async function freePorts(count = 1): Promise<number> {
  for (;;) {
    while (next + count > end) await claimBlock()
    const base = next
    next += count
    const servers = await Promise.all(Array.from({ length: count }, (_, index) => listen(base + index)))
    for (const server of servers) if (server) await close(server)
    if (!servers.includes(undefined)) return base
  }
}

/** Takes a block at random by listening on its first port until the process ends. */
async function claimBlock(): Promise<void> {
  const first = randomInt(FIRST / BLOCK, LAST / BLOCK) * BLOCK
  const server = await listen(first)
  if (!server) return
  server.unref()
  next = first + 1
  end = first + BLOCK
}

/** Undefined where the port is taken. */
async function listen(port: number): Promise<Server | undefined> {
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
  return once(server, 'listening').then(
    () => server,
    () => undefined,
  )
}

async function close(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
