import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Stands between a client and a server, and cuts the line at the worst moment: after the command, before its reply. */
export interface CuttingProxy {
  port: number
  /** Replies until now that were lost. */
  cuts(): number
  close(): Promise<void>
}

/** A proxy to `port` on this machine, which asks `isCut` at each reply to a script whether to cut the line instead. */
export async function startCuttingProxy(port: number, isCut: () => boolean): Promise<CuttingProxy> {
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
  await once(proxy.listen(0, '127.0.0.1'), 'listening')

  return {
    port: (proxy.address() as AddressInfo).port,
    cuts: () => cuts,
    async close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
