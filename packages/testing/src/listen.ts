import { once } from 'node:events'
import type { Server } from 'node:net'

/**
 * Starts `server` on a port of this machine, by default a free one, for tests, and gives the port.
 */
export async function listenLocally(server: Server, port = 0): Promise<number> {
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected the server to listen on a port')
  return address.port
}
