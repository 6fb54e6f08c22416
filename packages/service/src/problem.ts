import { STATUS_CODES } from 'node:http'

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'

import type { Log } from './log.ts'

/** An answer that tells the client what was expected and what came (RFC 9457, Problem Details). Its message is public. */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  readonly headers: Record<string, string>

  constructor(status: number, detail: string, headers: Record<string, string> = {}) {
    super(detail)
    this.status = status
    this.headers = headers
  }
}

/** nginx's status for a client that closed the connection before its answer was complete. */
export const CLIENT_GONE = 499

/** What a process answers once it was told to stop. */
export function stoppingProblem(): Problem {
  return new Problem(503, 'this replica is stopping: try another', { 'retry-after': '1' })
}

/** What a process answers while more requests are in progress than it may hold. */
export function overloadedProblem(): Problem {
  return new Problem(503, 'too many connections or requests at once: try again in a moment', { 'retry-after': '1' })
}

/** The body of a problem, `application/problem+json`. */
export function problemBody(status: number, detail: string): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail })
}

/** For Fastify: what was thrown becomes a problem. An error nobody foresaw is logged and answered 500 without its message. */
export function answerErrors(log: Log) {
  return (error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply): void => {
    const foreseen = toProblem(error)
    if (!foreseen) log.error({ err: error }, `${request.method} ${request.url} failed`)
    const { status, message, headers } = foreseen ?? new Problem(500, 'internal error')
    void reply.code(status).headers(headers).type('application/problem+json').send(problemBody(status, message))
  }
}

function toProblem(error: FastifyError | Problem): Problem | undefined {
  if (error instanceof Problem) return error
  const status = error.statusCode ?? 500
  return status < 500 ? new Problem(status, error.message) : undefined
}
