import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface Connections {
  /** Counts a request as in progress until its response is closed. */
  begin(request: IncomingMessage, response: ServerResponse): void
  /** The response in progress on `socket`, if there is one. */
  responseOn(socket: Socket): ServerResponse | undefined
  /** Whether more requests are in progress than allowed. */
  isOverloaded(): boolean
}

/**
 * Bounds the connections of `server`, and the requests in progress to half of `maxConnections`. The other half stays
 * available to new clients, such as a health probe. Beyond `maxConnections` a new connection replaces the one that has
 * been idle for the longest time, which `evict` closes.
 */
export function boundConnections(server: Server, maxConnections: number, evict: (socket: Socket) => void): Connections {
  // A Set keeps the order of insertion, so its first member has been idle for the longest time.
  const idle = new Set<Socket>()
  const busy = new Map<Socket, ServerResponse>()
  let open = 0

  server.on('connection', (socket) => {
    open++
    idle.add(socket)
    socket.once('close', () => {
      open--
      idle.delete(socket)
    })
    const [longest] = idle
    if (open <= maxConnections || !longest) return
    idle.delete(longest)
    evict(longest)
  })

  // Disconnects idle clients, and those that do not read their response (nginx's `send_timeout`). A request may wait longer.
  server.setTimeout(60_000, (socket) => {
    if (!busy.has(socket)) socket.destroy()
    // Without a reset the kernel would keep the unsent bytes and go on trying to deliver them.
    else if (socket.writableLength > 0) socket.resetAndDestroy()
  })

  return {
    begin({ socket }, response) {
      const isOpen = idle.delete(socket) || busy.has(socket)
      if (!isOpen) return
      busy.set(socket, response)
      response.on('close', () => {
        // A pipelined request may have replaced it.
        if (busy.get(socket) !== response) return
        busy.delete(socket)
        if (!socket.destroyed) idle.add(socket)
      })
    },
    responseOn: (socket) => busy.get(socket),
    isOverloaded: () => busy.size > Math.floor(maxConnections / 2),
  }
}
