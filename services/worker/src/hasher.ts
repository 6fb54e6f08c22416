import { hash } from 'node:crypto'

import { DIGEST_LENGTH, HASH_BYTES, LINE_LENGTH, ZERO } from './tally.ts'
import type { Answer, Upstream } from './upstream/upstream.ts'

const [NEWLINE] = Buffer.from('\n')

/** POST /: the SHA-256 of the bytes, 64 hexadecimal digits. */
export function fetchDigest(hasher: Upstream, bytes: Uint8Array): Promise<Answer<Buffer>> {
  return hasher.ask({ method: 'POST', path: '/', body: bytes }, (body, isTrial) => {
    if (body.length !== DIGEST_LENGTH || !isDigest(body, 0)) throw unexpected('64 hexadecimal digits', body)
    verify(body, bytes, 0, isTrial)
    return body
  })
}

/** POST /batch: the SHA-256 of each of `count` pieces, 64 hexadecimal digits and a newline each. */
export function fetchDigests(hasher: Upstream, pieces: Uint8Array, count: number): Promise<Answer<Buffer>> {
  return hasher.ask({ method: 'POST', path: '/batch', body: pieces }, (body, isTrial) => {
    if (body.length !== LINE_LENGTH * count || !areLines(body))
      throw unexpected(`${count} lines of 64 hexadecimal digits`, body)
    for (let index = 0; index < count; index++) verify(body, pieces, index, isTrial)
    return body
  })
}

/**
 * Throws where the digest at `index` begins with 0 and is not the SHA-256 of its bytes: no coin is recorded on a hasher's
 * word. Others are checked only with `all`, for a hash costs more than the rest of a unit.
 */
function verify(digests: Buffer, pieces: Uint8Array, index: number, all: boolean): void {
  const start = index * LINE_LENGTH
  if (!all && digests[start] !== ZERO) return
  const came = digests.toString('latin1', start, start + DIGEST_LENGTH)
  const expected = hash('sha256', pieces.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES), 'hex')
  if (came !== expected) throw new Error(`expected the SHA-256 of the bytes, ${expected}, got ${came}`)
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
