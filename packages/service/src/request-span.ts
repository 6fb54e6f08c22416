import type { ServerResponse } from 'node:http'

import type { FastifyRequest } from 'fastify'

import { statusOf } from './protocol.ts'
import type { Span, Tracing } from './tracing.ts'

/**
 * Begins the span of a request, in the trace of its client if there is one. It ends with the
 * response, or when the client goes away.
 */
export function startRequestSpan(start: Tracing['start'], request: FastifyRequest, response: ServerResponse): Span {
  const { method, url, routeOptions, headers, hostname, port } = request
  const [path = '', query] = url.split('?')
  const span = start(routeOptions.url ? `${method} ${routeOptions.url}` : method, {
    kind: 'server',
    headers,
    attributes: {
      'http.request.method': method,
      'url.scheme': 'http',
      'url.path': path,
      'url.query': query,
      'http.route': routeOptions.url,
      'server.address': hostname,
      'server.port': port ?? undefined,
    },
  })
  response.on('close', () => endRequestSpan(span, statusOf(response)))
  return span
}

/** As for all servers, errors of the client are none of the server. */
function endRequestSpan(span: Span, status: number): void {
  const isError = status >= 499
  span.end({
    attributes: { 'http.response.status_code': status, ...(isError && { 'error.type': `${status}` }) },
    error: isError ? '' : undefined,
  })
}
