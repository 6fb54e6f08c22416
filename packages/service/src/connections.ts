import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * How long a connection may be idle, and a client may leave its response unread. Milliseconds. Load
 * balancers close their idle connections after a minute, and should be first.
 */
const SOCKET_TIMEOUT_MS = 75_000

/** The state of a connection: its responses in progress in order, and since when there are none. */
interface Connection {
  responses: ServerResponse[]
  idleSince: number
}

/**
 * Bounds the connections of `server`, and the requests in progress to half of `maxConnections`. The
 * other half stays available to new clients, such as a health probe. Beyond `maxConnections` a new
 * connection replaces the one that has been idle for the longest time, which `evict` closes.
 */
export function boundConnections(server: Server, maxConnections: number, evict: (socket: Socket) => void) {
  const connections = new Map<Socket, Connection>()
  let inProgress = 0

  server.on('connection', (socket) => {
    connections.set(socket, { responses: [], idleSince: performance.now() })
    socket.once('close', () => connections.delete(socket))
    const longestIdle = connections.size > maxConnections && findLongestIdle(connections)
    if (!longestIdle) return
    connections.delete(longestIdle)
    evict(longestIdle)
  })

  server.setTimeout(SOCKET_TIMEOUT_MS, (socket) => {
    if (!connections.get(socket)?.responses.length) socket.destroy()
    // Without a reset the kernel would keep the unsent bytes and go on trying to deliver them.
    else if (socket.writableLength > 0) socket.resetAndDestroy()
  })

  return {
    /** Counts a request as in progress. */
    begin(socket: Socket, response: ServerResponse): void {
      inProgress++
      connections.get(socket)?.responses.push(response)
    },
    /** Its response is closed. */
    end(socket: Socket, response: ServerResponse): void {
      inProgress--
      const connection = connections.get(socket)
      if (!connection) return
      connection.responses.splice(connection.responses.indexOf(response), 1)
      connection.idleSince = performance.now()
    },
    /** The responses in progress on `socket`, in order: several when its requests are pipelined. */
    responsesOn: (socket: Socket): readonly ServerResponse[] => connections.get(socket)?.responses ?? [],
    /** Whether as many requests are in progress as allowed. */
    isOverloaded: () => inProgress >= Math.floor(maxConnections / 2),
  }
}

function findLongestIdle(connections: Map<Socket, Connection>): Socket | undefined {
  let longest: { socket?: Socket; idleSince: number } = { idleSince: Infinity }
  for (const [socket, { responses, idleSince }] of connections)
    if (responses.length === 0 && idleSince < longest.idleSince) longest = { socket, idleSince }
  return longest.socket
}
