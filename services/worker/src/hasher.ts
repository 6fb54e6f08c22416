import type { Answer, Upstream } from './upstream.ts'

/** POST /: the SHA-256 of the bytes, 64 hexadecimal digits. */
export function fetchDigest(hasher: Upstream, bytes: Uint8Array): Promise<Answer<string>> {
  return hasher.ask({ method: 'POST', path: '/', body: bytes }, (body) => {
    const digest = body.toString('latin1')
    if (!/^[0-9a-f]{64}$/.test(digest)) throw unexpected('64 hexadecimal digits', digest)
    return digest
  })
}

/** POST /batch: the SHA-256 of each of `count` pieces, 64 hexadecimal digits and a newline each. */
export function fetchDigests(hasher: Upstream, pieces: Uint8Array, count: number): Promise<Answer<string>> {
  return hasher.ask({ method: 'POST', path: '/batch', body: pieces }, (body) => {
    const digests = body.toString('latin1')
    if (digests.length !== 65 * count || !/^(?:[0-9a-f]{64}\n)+$/.test(digests))
      throw unexpected(`${count} lines of 64 hexadecimal digits`, digests)
    return digests
  })
}

function unexpected(expected: string, came: string): Error {
  return new Error(`expected ${expected}, got ${JSON.stringify(came.slice(0, 80))}`)
}
