import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface Connections {
  /** Counts a request until its response is closed. */
  begin(request: IncomingMessage, response: ServerResponse): void
  /** The response in progress on `socket`, if there is one. */
  responseOn(socket: Socket): ServerResponse | undefined
  /** Whether more requests are in progress than there may be. */
  isOverloaded(): boolean
}

/**
 * Bounds the connections of `server`, and the requests in progress to half of `maxConnections`. The other half stays
 * available for connections without a request, so a new client, such as a health probe, can always send one. Where all
 * places are taken, a new connection takes the place of the one that has been without a request for the longest time:
 * `evict` is to close that one.
 */
export function boundConnections(server: Server, maxConnections: number, evict: (socket: Socket) => void): Connections {
  // A Set keeps the order of insertion, so its first member has been idle for the longest time.
  const idle = new Set<Socket>()
  const busy = new Map<Socket, ServerResponse>()
  const maxRequests = Math.floor(maxConnections / 2)
  let open = 0

  server.on('connection', (socket) => {
    open++
    idle.add(socket)
    socket.once('close', () => {
      open--
      idle.delete(socket)
    })
    if (open <= maxConnections) return
    const [longest] = idle
    if (!longest) return
    idle.delete(longest)
    evict(longest)
  })

  return {
    begin({ socket }, response) {
      const isOurs = idle.delete(socket) || busy.has(socket)
      if (!isOurs) return
      busy.set(socket, response)
      response.on('close', () => {
        // A pipelined request may have taken its place.
        if (busy.get(socket) !== response) return
        busy.delete(socket)
        if (!socket.destroyed) idle.add(socket)
      })
    },
    responseOn: (socket) => busy.get(socket),
    isOverloaded: () => busy.size > maxRequests,
  }
}
