import type { FastifyReply } from 'fastify'

import { closesAfter } from '../protocol.ts'

// `reply.send` inspects the body, its type and the hooks before it writes. Without it rng and
// hasher are 1.03 × as fast.

/**
 * Sends a status of 200 with a short body, its media type and the value of `Server-Timing`, past
 * Fastify's hooks.
 */
export function sendSmall(reply: FastifyReply, body: string | Buffer, type: string, timing: string): void {
  const { commonHeaders, isStopping } = reply.server
  const length = `${Buffer.byteLength(body)}`
  const head = ['content-type', type, 'content-length', length, 'server-timing', timing, ...commonHeaders]
  const request = reply.request.raw
  if (closesAfter(request, isStopping)) head.push('connection', 'close')
  // HTTP/1.1 connections are persistent by default (RFC 9112 §9.3). Without the two headers that
  // Node would add, a request takes 1 µs less.
  else if (request.httpVersion === '1.1' && reply.raw.shouldKeepAlive && request.headers.expect === undefined)
    reply.raw.removeHeader('connection')
  reply.raw.writeHead(200, head)
  reply.hijack()
  reply.raw.end(body)
}
