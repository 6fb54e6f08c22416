import type { Socket } from 'node:net'

import type { FastifyInstance, FastifyRequest } from 'fastify'

import { Problem, problemBody } from './problem.ts'

/** Why a request is not served whatever it asks for, if it is not. */
export function refusal({ raw: { headers, httpVersion } }: FastifyRequest): Problem | undefined {
  if (headers.host === undefined && httpVersion === '1.1') return new Problem(400, 'expected a Host header, got none')
  if (headers.expect !== undefined && !/^100-continue$/i.test(headers.expect)) {
    return new Problem(417, 'expected no Expect header but 100-continue')
  }
  return undefined
}

/** 405 with the methods that would do (RFC 9110, 15.5.6) where the path exists, else 404. */
export function answerUnknownRoutes(service: FastifyInstance): void {
  const routes: { path: RegExp; methods: string[] }[] = []
  service.addHook('onRoute', ({ url, method }) => {
    const path = new RegExp(`^${url.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`)
    routes.push({ path, methods: [method].flat() })
  })
  service.setNotFoundHandler((request) => {
    const path = request.url.replace(/\?.*/s, '')
    const methods = new Set(routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods))
    if (methods.size === 0) throw new Problem(404, `expected a path that this service has, got ${path.slice(0, 200)}`)
    const allow = [...methods].join(', ')
    throw new Problem(405, `expected ${allow} for this path, got ${request.method}`, { allow })
  })
}

const unreadable: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'expected at most 16 KiB of headers'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'expected smaller chunk extensions'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'expected the whole request sooner'],
}

/** Answers what never became a request: broken or endless headers, a sender that is too slow. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, hostname: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, detail] = unreadable[error.code ?? ''] ?? [400, 'expected a well-formed HTTP/1.1 request']
  const body = problemBody(status, detail)
  const headers = [
    `HTTP/1.1 ${status} ${JSON.parse(body).title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-served-by: ${hostname}`,
    'connection: close',
  ]
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
