// Part of http-client.ts, which has the figure. Responses of one replica differ in little but
// `Date`, so the newest head is kept.
import { MAX_BODY_BYTES, parseHead, quote, type Head, type HttpResponse } from './response-head.ts'

/** Of a head with the informational responses before it, of what is between two chunks, and of a trailer. */
const MAX_HEAD_BYTES = 16 * 1024
const EMPTY = Buffer.alloc(0)

/**
 * Parses the responses of one connection (RFC 9112), one after the other. What is ambiguous there
 * is refused: two lengths, a folded header, a bare line feed.
 */
export function createResponseParser() {
  let newest: { text: string; head: Head } | undefined
  let input: Buffer = EMPTY
  let head: Head | undefined
  let headBytes = 0
  let body: Buffer[] = []
  let bodyBytes = 0
  let inChunks: 'size' | 'data' | 'end' | 'trailer' = 'size'
  let chunkLeft = 0

  /** Takes what comes before `mark`, once that has come. */
  function takeUntil(mark: string): string | undefined {
    const end = input.indexOf(mark, 0, 'latin1')
    headBytes += end === -1 ? 0 : end
    if (headBytes + (end === -1 ? input.length : 0) > MAX_HEAD_BYTES)
      throw new Error(`expected at most ${MAX_HEAD_BYTES} bytes of headers`)
    if (end === -1) return undefined
    const text = input.toString('latin1', 0, end)
    input = input.subarray(end + mark.length)
    return text
  }

  /** Takes at most `length` bytes of the body. Returns how many are missing. */
  function takeBody(length: number): number {
    const piece = input.subarray(0, length)
    input = input.subarray(piece.length)
    bodyBytes += piece.length
    if (bodyBytes > MAX_BODY_BYTES) throw new Error(`expected a response of at most ${MAX_BODY_BYTES} bytes`)
    if (piece.length > 0) body.push(piece)
    return length - piece.length
  }

  /** Takes the next part of a chunked body (RFC 9112, section 7.1). Returns whether there was one. */
  function takeChunk(): boolean {
    if (inChunks === 'data') {
      chunkLeft = takeBody(chunkLeft)
      if (chunkLeft === 0) inChunks = 'end'
      return chunkLeft === 0
    }
    const line = takeUntil('\r\n')
    if (line === undefined) return false
    if (inChunks === 'end') {
      if (line !== '') throw new Error(`expected the end of a chunk, got ${quote(line)}`)
      inChunks = 'size'
    } else {
      const size = /^([\da-f]{1,8})[ \t]*(?:;[^\0\n\r]*)?$/i.exec(line)?.[1]
      if (size === undefined) throw new Error(`expected the size of a chunk, got ${quote(line)}`)
      chunkLeft = Number.parseInt(size, 16)
      inChunks = chunkLeft > 0 ? 'data' : 'trailer'
      headBytes = 0
    }
    return true
  }

  function takeChunks(): HttpResponse | undefined {
    while (inChunks !== 'trailer') if (!takeChunk()) return undefined
    // The headers of a trailer are ignored.
    for (let line; (line = takeUntil('\r\n')) !== undefined;) if (line === '') return complete()
    return undefined
  }

  function complete(): HttpResponse {
    const { statusCode, headers, keepAliveMs } = head!
    const response = { statusCode, headers, body: body.length === 1 ? body[0]! : Buffer.concat(body) }
    // No request was sent that further bytes could respond to.
    parser.keepAliveMs = input.length > 0 ? 0 : keepAliveMs
    head = undefined
    headBytes = 0
    body = []
    bodyBytes = 0
    inChunks = 'size'
    return response
  }

  const parser = {
    /**
     * Takes the next bytes. Returns the response that they complete. Throws for what is no response,
     * and for one that is too long.
     */
    push(bytes: Buffer): HttpResponse | undefined {
      input = input.length > 0 ? Buffer.concat([input, bytes]) : bytes
      while (!head) {
        const text = takeUntil('\r\n\r\n')
        if (text === undefined) return undefined
        if (newest?.text !== text) newest = { text, head: parseHead(text) }
        // Informational responses come before the final one (RFC 9110, section 15.2).
        if (newest.head.statusCode >= 200) head = newest.head
      }
      if (head.length === 'chunked') return takeChunks()
      const missing = takeBody(head.length === 'close' ? Infinity : head.length - bodyBytes)
      return missing > 0 ? undefined : complete()
    },
    /** The server has ended the connection. Returns the response that this completes. */
    end: (): HttpResponse | undefined => (head?.length === 'close' ? complete() : undefined),
    /** How long the connection can be used for a next request after the last response. */
    keepAliveMs: 0,
  }
  return parser
}
