import type { IncomingMessage, ServerResponse } from 'node:http'

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
  /** Calls `respond` once. */
  serve: (request: IncomingMessage, respond: (content: Content) => void) => void
}

/** A short response with status 200. A body in text is ASCII. */
export interface Content {
  type: string
  body: string | Buffer
  timing: string
}

/** Whether `request` is the one of `shortcut`, and its connection stays open. */
export function isUsual(shortcut: Shortcut, request: IncomingMessage, response: ServerResponse): boolean {
  const { method, url, httpVersion, headers } = request
  return (
    method === shortcut.method &&
    url === shortcut.url &&
    headers['content-length'] === shortcut.contentLength &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined &&
    httpVersion === '1.1' &&
    response.shouldKeepAlive
  )
}

/** Returns what sends a response with `headers` beside its own. The last one closes its connection. */
export function createSender(headers: Record<string, string>) {
  const common = toText(headers)

  return (response: ServerResponse, { type, body, timing }: Content, isLast: boolean): void => {
    const own = { 'content-type': type, 'content-length': `${body.length}`, 'server-timing': timing }
    if (isLast) {
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
