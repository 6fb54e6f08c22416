import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

import type { FastifyRequest } from 'fastify'

// Traces as the services see them. OpenTelemetry itself is in opentelemetry.ts.

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined where traces are off, and until the service is ready. */
    tracing: Tracing | undefined
  }
  interface FastifyRequest {
    /** Undefined where traces are off. */
    span: Span | undefined
  }
}

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
  /** Begins the span of a request to this process, which ends with its response. */
  startRequest(request: FastifyRequest, response: ServerResponse): void
  /** Exports what is left. Resolves within a fraction of a second. */
  stop(): Promise<void>
}
