import type { IncomingMessage, ServerResponse } from 'node:http'

import type { FastifyInstance } from 'fastify'

import type { Observed } from './requests.ts'

// Past Fastify's router, hooks, request and reply, and with a head that is one text, rng takes 0.72 ×
// and hasher 0.81 × the processor time for a request (docs/performance.md).

/** The request that is served past Fastify. All others take their routes, as this one does when it is unusual. */
export interface Shortcut {
  method: 'GET' | 'POST'
  url: string
  /** The Content-Length of its body, if it has one. */
  contentLength?: string
  /** Its route in the metrics. */
  route: string
  /** The media type of its response. */
  type: string
  /** Calls `respond` once, with what makes the body: a short one, and ASCII if it is text. */
  serve: (request: IncomingMessage, respond: (work: () => string | Buffer) => void) => void
  /** The `Server-Timing` of a response that took `workMs`. */
  timing: (workMs: number) => string
}

/** What the shortcut shares with the routes of its service. */
interface Shared {
  /** Headers of every response. */
  headers: Record<string, string>
  /** Why a request is refused, if it is. */
  problemOf: (request: IncomingMessage) => Error | undefined
  observe: (request: IncomingMessage, response: ServerResponse, observed: Observed) => void
}

/** Lets `service` serve the request of `shortcut` past Fastify. */
export function serveShortcut(service: FastifyInstance, shortcut: Shortcut, { headers, problemOf, observe }: Shared) {
  const common = toText(headers)

  service.server.removeAllListeners('request').on('request', (request, response) => {
    if (!isUsual(request, response) || problemOf(request)) {
      service.routing(request, response)
    } else {
      observe(request, response, shortcut)
      shortcut.serve(request, (work) => {
        const began = performance.now()
        const body = work()
        send(response, body, shortcut.timing(performance.now() - began))
      })
    }
  })

  /** Whether `request` is the one of the shortcut, and its connection stays open. */
  function isUsual({ method, url, httpVersion, headers: own }: IncomingMessage, response: ServerResponse): boolean {
    return (
      method === shortcut.method &&
      url === shortcut.url &&
      own['content-length'] === shortcut.contentLength &&
      own['transfer-encoding'] === undefined &&
      own.expect === undefined &&
      httpVersion === '1.1' &&
      response.shouldKeepAlive
    )
  }

  function send(response: ServerResponse, body: string | Buffer, timing: string): void {
    const own = { 'content-type': shortcut.type, 'content-length': `${body.length}`, 'server-timing': timing }
    if (service.isStopping) {
      response.writeHead(200, { ...own, ...headers, connection: 'close' }).end(body)
      return
    }
    // Node sends a head that it finds here as it is, in one write with a body in text. HTTP/1.1
    // connections are persistent without a header (RFC 9112, section 9.3).
    const head = `HTTP/1.1 200 OK\r\n${toText(own)}${common}Date: ${currentDate()}\r\n\r\n`
    ;(response as unknown as Record<string, string>)['_header'] = head
    response.end(typeof body === 'string' ? body : body.toString('latin1'), 'latin1')
  }
}

function toText(headers: Record<string, string>): string {
  let lines = ''
  for (const name in headers) lines += `${name}: ${headers[name]}\r\n`
  return lines
}

let newest = { second: 0, text: '' }

function currentDate(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== newest.second) newest = { second, text: new Date(second * 1000).toUTCString() }
  return newest.text
}
