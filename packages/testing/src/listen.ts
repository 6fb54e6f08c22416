import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'

/**
 * Starts `server` on a port of this machine, by default a free one, for tests, and gives the port.
 */
export async function listenLocally(server: Server, port = 0): Promise<number> {
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected the server to listen on a port')
  return address.port
}

/**
 * A port of this machine that is free now, for tests. Systems give outgoing connections higher
 * ports, so a server that is started again finds its port free.
 */
export async function freePort(): Promise<number> {
  const server = createServer()
  for (let tries = 1; !server.listening; tries++) {
    await listenLocally(server, randomInt(12_000, 32_000)).catch((error: Error) => {
      if (tries === 100) throw error
    })
  }
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
