import type { IncomingHttpHeaders } from 'node:http'

import type { FastifyRequest } from 'fastify'

import type { HttpConfig } from './settings.ts'

// Traces as the services see them. OpenTelemetry itself is in opentelemetry.ts.

export type Attributes = Record<string, string | number | boolean | undefined>

export interface SpanStart {
  /** By default it is part of what this process does itself. */
  kind?: 'server' | 'client'
  attributes?: Attributes
  /** When it began, by `performance.now`. */
  at?: number
}

export interface SpanEnd {
  attributes?: Attributes
  /** Why it failed; undefined if it did not. */
  error?: string | undefined
  /** When it ended, by `performance.now`. */
  at?: number
}

/** A part of a trace: something that took time. */
export interface Span {
  /** The header of a request that belongs to it (W3C Trace Context). */
  traceparent: string
  /** Begins a part of it. */
  start(name: string, options?: SpanStart): Span
  end(options?: SpanEnd): void
}

export interface Tracing {
  /** Begins a trace, or continues the one that `headers` name. */
  start(name: string, options?: SpanStart & { headers?: IncomingHttpHeaders }): Span
  /** Exports what is left. Resolves within a fraction of a second. */
  stop(): Promise<void>
}

/** Whether there is a collector to export traces to. */
export function isTraced({ otlpEndpoint, otlpTracesEndpoint }: HttpConfig): boolean {
  return otlpEndpoint !== '' || otlpTracesEndpoint !== ''
}

/** Begins the span of a request, in the trace of its client if there is one. */
export function startServerSpan(tracing: Tracing, request: FastifyRequest): Span {
  const { method, url, routeOptions, headers, hostname, port } = request
  const [path = '', query] = url.split('?')
  return tracing.start(routeOptions.url ? `${method} ${routeOptions.url}` : method, {
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
}

/** Ends the span of a request. As for all servers, errors of the client are none of the server. */
export function endServerSpan(span: Span, status: number): void {
  const isError = status >= 499
  span.end({
    attributes: { 'http.response.status_code': status, ...(isError && { 'error.type': `${status}` }) },
    error: isError ? '' : undefined,
  })
}
