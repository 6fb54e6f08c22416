import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'

// What HTTP asks of a server beyond what Node and Fastify do.

/** An error that the client gets as Problem Details (RFC 9457): what was expected, and what came. */
export class Problem extends Error {
  override name = 'Problem'
  readonly statusCode: number
  readonly headers: Record<string, string>

  constructor(statusCode: number, detail: string, headers: Record<string, string> = {}) {
    super(detail)
    this.statusCode = statusCode
    this.headers = headers
  }
}

/** nginx's status code for a client that closed its connection before the response was complete. */
const CLIENT_GONE = 499

/** The status code of a response that is closed. */
export function statusOf({ writableFinished, statusCode }: ServerResponse): number {
  // An error that is unfinished here was written to the bare socket.
  return writableFinished || statusCode >= 400 ? statusCode : CLIENT_GONE
}

/** Fires, with a Problem as its reason, once the client of a response has gone away. */
export function clientGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  const leave = () => gone.abort(new Problem(CLIENT_GONE, 'the client went away'))
  if (response.destroyed) leave()
  else response.once('close', leave)
  return gone.signal
}

/** A 503 that asks the client to retry in a second. */
export function unavailable(detail: string): Problem {
  return new Problem(503, detail, { 'retry-after': '1' })
}

function toBody({ statusCode, message }: Problem): string {
  const title = STATUS_CODES[statusCode] ?? 'Error'
  return JSON.stringify({ type: 'about:blank', title, status: statusCode, detail: message })
}

/** Fastify's error handler. The message of an unexpected error is logged and not sent. */
export function sendProblem(error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply): void {
  let problem = error instanceof Problem ? error : new Problem(error.statusCode ?? 500, error.message)
  if (problem !== error && problem.statusCode >= 500) {
    reply.server.log.error({ err: error }, `${request.method} ${request.url} failed`)
    problem = new Problem(500, 'internal error')
  }
  void reply.code(problem.statusCode).headers(problem.headers).type('application/problem+json').send(toBody(problem))
}

/** Writes a response where Fastify has no request, and closes the connection. */
export function writeProblem(socket: Socket, problem: Problem, commonHeaders: Record<string, string>): void {
  const { statusCode, headers } = problem
  const body = toBody(problem)
  const all = {
    date: new Date().toUTCString(),
    ...commonHeaders,
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n${body}`)
  linger(socket)
}

const parserProblems: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'expected at most 16 KiB of headers'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'expected smaller chunk extensions'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'expected the whole request sooner'],
}

/** The problem of a request that Node's parser rejects. */
export function parserProblem({ code = '' }: NodeJS.ErrnoException): Problem {
  return new Problem(...(parserProblems[code] ?? [400, 'expected a well-formed HTTP/1.1 request']))
}

/** RFC 9110, section 7.2. Two Host lines arrive joined by a comma and a space: no valid host. */
const validHost =
  /^(?:\[(?:[\da-f:.]+(?:%25[\w.~-]+)?|v[\da-f]+\.[\w.~!$&'()*+,;=:-]+)\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 100))
}

/** The problem with the headers of a request that Node's parser accepts, if there is one. */
export function headerProblem({ headers, httpVersion }: IncomingMessage): Problem | undefined {
  const { host, expect, 'transfer-encoding': coding } = headers
  if (host === undefined && httpVersion === '1.1') return new Problem(400, 'expected a Host header, got none')
  if (host !== undefined && !validHost.test(host))
    return new Problem(400, `expected one valid Host header, got ${quote(host)}`)
  if (expect !== undefined && !/^100-continue$/i.test(expect))
    return new Problem(417, `expected no Expect header but 100-continue, got ${quote(expect)}`)
  // RFC 9112, section 6.1. Node's parser has checked that chunked is the last coding.
  if (coding !== undefined && !/^chunked$/i.test(coding))
    return new Problem(501, `expected no transfer coding but chunked, got ${quote(coding)}`)
  return undefined
}

/**
 * Sends 100 (Continue) when a route begins to read the body, so that a request that is refused gets
 * its final status at once (RFC 9110, section 10.1.1).
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

/**
 * Whether the connection of `request` closes after the response: the service is stopping, or the
 * client may still be sending. In the second case it closes in stages (RFC 9112, section 9.6).
 */
export function closesAfter({ socket, complete, headers }: IncomingMessage, isStopping: boolean): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
  const isUnread = hasBody && !complete
  if (isUnread) socket.destroySoon = () => linger(socket)
  return isUnread || isStopping
}

/**
 * Ends our side, and discards what the client sends until it ends its side, is silent for 5 s, or
 * 20 s have passed. A reset at once would discard the response before the client has read it.
 */
function linger(socket: Socket): void {
  if (socket.destroyed) return
  // Detaches the HTTP parser: nothing that follows is a request.
  socket.removeAllListeners('data').on('data', () => {})
  const close = () => socket.destroy()
  const deadline = setTimeout(close, 20_000)
  socket.once('close', () => clearTimeout(deadline))
  socket.once('end', close)
  socket.setTimeout(5_000, close)
  socket.end(() => socket.readableEnded && close())
  socket.resume()
}
