import type { Answer, Upstream } from './upstream.ts'

/** POST /: the SHA-256 of the bytes, 64 hexadecimal digits. */
export function fetchDigest(hasher: Upstream, bytes: Uint8Array): Promise<Answer<string>> {
  return hasher.ask({ method: 'POST', path: '/', body: bytes }, (body) => {
    const digest = body.toString('latin1')
    if (!/^[0-9a-f]{64}$/.test(digest))
      throw new Error(`expected 64 hexadecimal digits, got ${JSON.stringify(digest.slice(0, 80))}`)
    return digest
  })
}
