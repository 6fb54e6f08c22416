import { STATUS_CODES, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { Problem, problemBody } from './problem.ts'
import { linger } from './unread-body.ts'

const problems: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'expected at most 16 KiB of headers'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'expected smaller chunk extensions'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'expected the whole request sooner'],
}

/**
 * Answers on the bare socket, in place of the `response` in progress if there is one, and closes the connection. A
 * response that has begun is cut off.
 */
export type AnswerSocket = (
  socket: Socket,
  problem: Problem,
  about?: { method?: string | undefined; response?: ServerResponse | undefined },
) => void

/**
 * The one place where responses are made outside the framework. They carry `headers` as all others do; `count` adds each to
 * the metrics and the access log.
 */
export function answerSockets(
  headers: Record<string, string>,
  count: (method: string, status: number) => void,
): AnswerSocket {
  return (socket, { status, message, headers: own }, { method = 'unknown', response } = {}) => {
    if (!socket.writable || response?.headersSent) {
      socket.destroy()
      return
    }
    const body = problemBody(status, message)
    const all = {
      date: new Date().toUTCString(),
      ...headers,
      ...own,
      'content-type': 'application/problem+json',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
    linger(socket)
    // A request in progress is counted as its response is closed.
    if (response) response.statusCode = status
    else count(method, status)
  }
}

/** The problem of a request that Node's parser gives up: broken or endless headers, a sender that is too slow. */
export function unreadable({ code = '' }: NodeJS.ErrnoException): Problem {
  return new Problem(...(problems[code] ?? ([400, 'expected a well-formed HTTP/1.1 request'] as const)))
}

/** Node closes the connection of a CONNECT without a response unless somebody listens. */
export function answerConnect(server: Server, answer: AnswerSocket): void {
  const problem = new Problem(501, 'expected a method other than CONNECT: this is no proxy')
  server.on('connect', ({ method }, socket) => answer(socket as Socket, problem, { method }))
}
