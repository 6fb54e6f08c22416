import { DIGEST_LENGTH, LINE_LENGTH } from './tally.ts'
import type { Answer, Upstream } from './upstream.ts'

const [NEWLINE] = Buffer.from('\n')

/** POST /: the SHA-256 of the bytes, 64 hexadecimal digits. */
export function fetchDigest(hasher: Upstream, bytes: Uint8Array): Promise<Answer<Buffer>> {
  return hasher.ask({ method: 'POST', path: '/', body: bytes }, (body) => {
    if (body.length !== DIGEST_LENGTH || !isDigest(body, 0)) throw unexpected('64 hexadecimal digits', body)
    return body
  })
}

/** POST /batch: the SHA-256 of each of `count` pieces, 64 hexadecimal digits and a newline each. */
export function fetchDigests(hasher: Upstream, pieces: Uint8Array, count: number): Promise<Answer<Buffer>> {
  return hasher.ask({ method: 'POST', path: '/batch', body: pieces }, (body) => {
    if (body.length !== LINE_LENGTH * count || !areLines(body))
      throw unexpected(`${count} lines of 64 hexadecimal digits`, body)
    return body
  })
}

function areLines(body: Buffer): boolean {
  for (let line = 0; line < body.length; line += LINE_LENGTH) {
    if (!isDigest(body, line) || body[line + DIGEST_LENGTH] !== NEWLINE) return false
  }
  return true
}

/** Whether 64 lower-case hexadecimal digits begin at `start`. A regular expression would need a string of them first. */
function isDigest(body: Buffer, start: number): boolean {
  for (let at = start; at < start + DIGEST_LENGTH; at++) {
    const code = body[at] ?? 0
    const isDigit = (code >= 48 && code <= 57) || (code >= 97 && code <= 102)
    if (!isDigit) return false
  }
  return true
}

function unexpected(expected: string, came: Buffer): Error {
  return new Error(`expected ${expected}, got ${JSON.stringify(came.toString('latin1', 0, 80))}`)
}
