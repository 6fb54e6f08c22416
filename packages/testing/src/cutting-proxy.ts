import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

import { listenLocally } from './listen.ts'

/**
 * Stands between a client and a server, and cuts the line at the worst moment: after the command,
 * before its reply.
 */
export interface CuttingProxy {
  port: number
  /** Replies until now that were lost. */
  cuts(): number
  close(): Promise<void>
}

/**
 * A proxy to `port` on this machine. At each reply to a script it asks `isCut` whether to cut the
 * line instead, and at each chunk it asks `isSilent` whether to swallow it.
 */
export async function startCuttingProxy(
  port: number,
  isCut: () => boolean,
  isSilent = () => false,
): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  let cuts = 0
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    let scripts = 0
    const end = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) sockets.add(socket.on('error', end).on('close', end))
    client.on('data', (chunk) => {
      if (isSilent()) return
      if (chunk.includes('EVALSHA')) scripts++
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (scripts > 0 && isCut()) {
        cuts++
        end()
        return
      }
      scripts = 0
      client.write(chunk)
    })
  })
  const localPort = await listenLocally(proxy)

  return {
    port: localPort,
    cuts: () => cuts,
    async close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
