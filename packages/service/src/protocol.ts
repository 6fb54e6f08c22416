import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { Problem, problemBody } from './problem.ts'

// What HTTP asks of a server beyond what Node and Fastify do.

/**
 * How long a connection that is being closed may be silent, and how long it may go on sending.
 * Milliseconds.
 */
const LINGER_SILENT_MS = 5000
const LINGER_MS = 20_000

/**
 * RFC 9110, section 7.2. Two Host lines arrive joined by a comma and a space, which no host
 * contains.
 */
const validHost =
  /^(?:\[(?:[\da-f:.]+(?:%25[\w.~-]+)?|v[\da-f]+\.[\w.~!$&'()*+,;=:-]+)\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i

/** The problem with the Host or Expect header of a request, if there is one. */
export function headerProblem({ headers, httpVersion }: IncomingMessage): Problem | undefined {
  const { host, expect } = headers
  if (host === undefined && httpVersion === '1.1') return new Problem(400, 'expected a Host header, got none')
  if (host !== undefined && !validHost.test(host))
    return new Problem(400, `expected one valid Host header, got ${quote(host)}`)
  if (expect !== undefined && !/^100-continue$/i.test(expect))
    return new Problem(417, `expected no Expect header but 100-continue, got ${quote(expect)}`)
  return undefined
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 100))
}

/**
 * Sends 100 (Continue) when a route begins to read the body. A request that is refused gets its
 * final status at once (RFC 9110, section 10.1.1). `headerProblem` refuses any other Expect header.
 */
export function handleExpect(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    request.on('newListener', function invite(event: string) {
      if (event !== 'data' && event !== 'readable') return
      request.off('newListener', invite)
      if (!response.headersSent) response.writeContinue()
    })
    server.emit('request', request, response)
  })
}

const parserProblems: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'expected at most 16 KiB of headers'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'expected smaller chunk extensions'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'expected the whole request sooner'],
}

/** The problem of a request that Node's parser rejects. */
export function parserProblem({ code = '' }: NodeJS.ErrnoException): Problem {
  const [status, detail] = parserProblems[code] ?? [400, 'expected a well-formed HTTP/1.1 request']
  return new Problem(status, detail)
}

/** Writes a response where Fastify has no request, and closes the connection. */
export function writeProblem(socket: Socket, { statusCode, message, headers }: Problem): void {
  const body = problemBody(statusCode, message)
  const all = {
    date: new Date().toUTCString(),
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n${body}`)
  linger(socket)
}

/** Whether the client may still be sending the body of `request`. */
function isBodyUnread({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/**
 * Whether the connection of `request` closes after the response: the service is stopping, or the
 * client may still be sending. In the second case it closes in stages (RFC 9112, section 9.6). A
 * connection that is closed while the client still sends is reset, and the reset discards the
 * response before the client has read it.
 */
export function closesAfter(request: IncomingMessage, isStopping: boolean): boolean {
  const { socket } = request
  const isUnread = isBodyUnread(request)
  if (isUnread) socket.destroySoon = () => linger(socket)
  return isUnread || isStopping
}

/**
 * Ends our side, and discards what the client sends until it ends its side too or a time limit is
 * reached.
 */
function linger(socket: Socket): void {
  if (socket.destroyed) return
  // Detaches the HTTP parser: nothing that follows is a request.
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
