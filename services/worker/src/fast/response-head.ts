// Part of http-client.ts, which has the figure.

export type Headers = Readonly<Record<string, string>>

export interface HttpResponse {
  statusCode: number
  headers: Headers
  body: Buffer
}

export interface Head {
  statusCode: number
  headers: Headers
  /** The length of the body in bytes, or what marks its end. */
  length: number | 'chunked' | 'close'
  /** How long the server keeps the connection open for a next request, in milliseconds. */
  keepAliveMs: number
}

/** No response of rng or hasher is longer. */
export const MAX_BODY_BYTES = 1024 * 1024
/** How long an idle connection is used, unless the server says less. */
export const KEEP_ALIVE_MS = 4_000
/** A request sent this long before the server closes the connection reaches it in time. */
const KEEP_ALIVE_MARGIN_MS = 1_000

/** Parses a response up to the empty line before its body. */
export function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const [, minor, status] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\0\n\r]*)?$/.exec(statusLine) ?? []
  if (status === undefined) throw new Error(`expected HTTP/1.1 and a status, got ${quote(statusLine)}`)
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const [, name, content] = /^([\w!#$%&'*+.^`|~-]+):([^\0\n\r]*)$/.exec(line) ?? []
    if (name === undefined || content === undefined) throw new Error(`expected a header, got ${quote(line)}`)
    const key = name.toLowerCase()
    const value = content.trim()
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  const statusCode = Number(status)
  const length = lengthOf(statusCode, headers)
  return { statusCode, headers, length, keepAliveMs: length === 'close' ? 0 : keepAliveOf(headers, minor === '1') }
}

/** RFC 9112, section 6.3. */
function lengthOf(statusCode: number, headers: Headers): Head['length'] {
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  if (statusCode === 101) throw new Error('expected HTTP/1.1, got a switch to another protocol')
  if (coding !== undefined && length !== undefined) throw new Error('expected one length of the response, got two')
  if (statusCode < 200 || statusCode === 204 || statusCode === 304) return 0
  if (coding !== undefined) {
    if (!/^chunked$/i.test(coding)) throw new Error(`expected no transfer coding but chunked, got ${quote(coding)}`)
    return 'chunked'
  }
  if (length === undefined) return 'close'
  if (!/^\d{1,15}$/.test(length)) throw new Error(`expected a Content-Length, got ${quote(length)}`)
  if (Number(length) > MAX_BODY_BYTES)
    throw new Error(`expected a response of at most ${MAX_BODY_BYTES} bytes, got ${length}`)
  return Number(length)
}

function keepAliveOf({ connection = '', 'keep-alive': keepAlive = '' }: Headers, isDefault: boolean): number {
  const options = new Set(connection.split(',').map((option) => option.trim().toLowerCase()))
  if (options.has('close') || !(isDefault || options.has('keep-alive'))) return 0
  const seconds = /\btimeout=(\d{1,9})/i.exec(keepAlive)?.[1]
  if (seconds === undefined) return KEEP_ALIVE_MS
  return Math.min(KEEP_ALIVE_MS, Math.max(0, Number(seconds) * 1000 - KEEP_ALIVE_MARGIN_MS))
}

/** The beginning of what came, for an error. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
