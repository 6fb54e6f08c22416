import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface Connections {
  /** Counts a request as in progress. */
  begin(socket: Socket, response: ServerResponse): void
  /** Its response is closed. */
  end(socket: Socket, response: ServerResponse): void
  /** The responses in progress on `socket`, in order: several when its requests are pipelined. */
  responsesOn(socket: Socket): readonly ServerResponse[]
  /** Whether more requests are in progress than allowed. */
  isOverloaded(): boolean
}

interface Connection {
  /** Those in progress, in order. */
  responses: ServerResponse[]
  /** Since when there are none, by performance.now(). */
  idleSince: number
}

/**
 * Bounds the connections of `server`, and the requests in progress to half of `maxConnections`. The
 * other half stays available to new clients, such as a health probe. Beyond `maxConnections` a new
 * connection replaces the one that has been idle for the longest time, which `evict` closes.
 */
export function boundConnections(server: Server, maxConnections: number, evict: (socket: Socket) => void): Connections {
  const connections = new Map<Socket, Connection>()
  let inProgress = 0

  server.on('connection', (socket) => {
    connections.set(socket, { responses: [], idleSince: performance.now() })
    socket.once('close', () => connections.delete(socket))
    if (connections.size <= maxConnections) return
    const longest = longestIdle(connections)
    if (!longest) return
    connections.delete(longest)
    evict(longest)
  })

  // Disconnects idle clients, and those that do not read their response (nginx's `send_timeout`). A
  // request may wait longer.
  server.setTimeout(60_000, (socket) => {
    if (!connections.get(socket)?.responses.length) socket.destroy()
    // Without a reset the kernel would keep the unsent bytes and go on trying to deliver them.
    else if (socket.writableLength > 0) socket.resetAndDestroy()
  })

  return {
    begin(socket, response) {
      inProgress++
      connections.get(socket)?.responses.push(response)
    },
    end(socket, response) {
      inProgress--
      const connection = connections.get(socket)
      if (!connection) return
      connection.responses.splice(connection.responses.indexOf(response), 1)
      connection.idleSince = performance.now()
    },
    responsesOn: (socket) => connections.get(socket)?.responses ?? [],
    isOverloaded: () => inProgress > Math.floor(maxConnections / 2),
  }
}

function longestIdle(connections: Map<Socket, Connection>): Socket | undefined {
  let longest: { socket?: Socket; idleSince: number } = { idleSince: Infinity }
  for (const [socket, { responses, idleSince }] of connections)
    if (responses.length === 0 && idleSince < longest.idleSince) longest = { socket, idleSince }
  return longest.socket
}
