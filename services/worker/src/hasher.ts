import { LINE_LENGTH } from './tally.ts'
import type { Answer, Upstream } from './upstream.ts'

/** POST /: the SHA-256 of the bytes, 64 hexadecimal digits. */
export function fetchDigest(hasher: Upstream, bytes: Uint8Array): Promise<Answer<Buffer>> {
  return hasher.ask({ method: 'POST', path: '/', body: bytes }, (body) => {
    if (!/^[0-9a-f]{64}$/.test(body.toString('latin1'))) throw unexpected('64 hexadecimal digits', body)
    return body
  })
}

/** POST /batch: the SHA-256 of each of `count` pieces, 64 hexadecimal digits and a newline each. */
export function fetchDigests(hasher: Upstream, pieces: Uint8Array, count: number): Promise<Answer<Buffer>> {
  return hasher.ask({ method: 'POST', path: '/batch', body: pieces }, (body) => {
    if (body.length !== LINE_LENGTH * count || !/^(?:[0-9a-f]{64}\n)+$/.test(body.toString('latin1')))
      throw unexpected(`${count} lines of 64 hexadecimal digits`, body)
    return body
  })
}

function unexpected(expected: string, came: Buffer): Error {
  return new Error(`expected ${expected}, got ${JSON.stringify(came.toString('latin1', 0, 80))}`)
}
