import type { IncomingMessage } from 'node:http'

import type { FastifyInstance } from 'fastify'

import { Problem } from './problem.ts'

/**
 * RFC 9110, section 7.2 and RFC 3986, section 3.2.2: an IP literal, an IPv4 address or a registered name, which may be
 * empty, and a port. Two Host lines arrive joined with a comma and a space, which no name contains.
 */
const validHost =
  /^(?:\[(?:[\da-f:.]+(?:%25[\w.~-]+)?|v[\da-f]+\.[\w.~!$&'()*+,;=:-]+)\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i
let newestValidHost = ''

/** Why a request is not served whatever it asks for, if it is not. */
export function refusal({ headers: { host, expect }, httpVersion }: IncomingMessage): Problem | undefined {
  if (host === undefined) {
    if (httpVersion === '1.1') return new Problem(400, 'expected a Host header, got none')
  } else if (host !== newestValidHost) {
    if (!validHost.test(host)) return new Problem(400, `expected one valid Host header, got ${quote(host)}`)
    newestValidHost = host
  }
  if (expect !== undefined && !/^100-continue$/i.test(expect)) {
    return new Problem(417, `expected no Expect header but 100-continue, got ${quote(expect)}`)
  }
  return undefined
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 100))
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
