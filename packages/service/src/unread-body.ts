import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How long a connection that is being closed may send nothing, and how long it may go on sending. Milliseconds. */
const LINGER_SILENT_MS = 5000
const LINGER_MS = 20_000

/** Whether the client may still be sending the body of `request`. */
export function isBodyUnread({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/**
 * Makes Node close `socket` in stages after its last response (RFC 9112, section 9.6). A connection that is closed while
 * the client still sends is reset, and the reset takes the response away before the client has read it.
 */
export function closeInStages(socket: Socket): void {
  socket.destroySoon = () => linger(socket)
}

/** Ends our side, and discards what the client sends until it ends its side too or a limit of time is reached. */
export function linger(socket: Socket): void {
  if (socket.destroyed) return
  // Takes the connection from the HTTP parser: nothing that follows is a request.
  socket.removeAllListeners('data')
  socket.on('data', () => {})
  const close = () => socket.destroy()
  const deadline = setTimeout(close, LINGER_MS)
  socket.once('close', () => clearTimeout(deadline))
  socket.once('end', close)
  socket.setTimeout(LINGER_SILENT_MS, close)
  socket.end(() => socket.readableEnded && close())
  socket.resume()
}

/**
 * Sends 100 (Continue) when a route begins to read the body of a request that expects it. A request that is refused gets its
 * final status at once (RFC 9110, section 10.1.1).
 */
export function inviteWhenRead(request: IncomingMessage, response: ServerResponse): void {
  request.on('newListener', function invite(event: string) {
    if (event !== 'data' && event !== 'readable') return
    request.off('newListener', invite)
    if (!response.headersSent) response.writeContinue()
  })
}
