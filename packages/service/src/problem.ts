import { STATUS_CODES } from 'node:http'

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'

/**
 * An error whose message the client gets, as Problem Details (RFC 9457): what was expected, and
 * what came.
 */
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
export const CLIENT_GONE = 499

/** A 503 that asks the client to retry in a second. */
export function unavailable(detail: string): Problem {
  return new Problem(503, detail, { 'retry-after': '1' })
}

/** The body of a problem, `application/problem+json`. */
export function problemBody(status: number, detail: string): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail })
}

/**
 * Fastify's error handler. An unexpected error is logged, and its message does not reach the
 * client.
 */
export function sendProblem(error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply): void {
  let problem = error instanceof Problem ? error : new Problem(error.statusCode ?? 500, error.message)
  if (problem !== error && problem.statusCode >= 500) {
    reply.server.log.error({ err: error }, `${request.method} ${request.url} failed`)
    problem = new Problem(500, 'internal error')
  }
  const { statusCode, message, headers } = problem
  void reply.code(statusCode).headers(headers).type('application/problem+json').send(problemBody(statusCode, message))
}
