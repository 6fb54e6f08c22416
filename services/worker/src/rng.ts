import type { Answer, Upstream } from './upstream/upstream.ts'

/** GET /{count}: so many random bytes. */
export function fetchRandomBytes(rng: Upstream, count: number): Promise<Answer<Uint8Array>> {
  return rng.ask({ method: 'GET', path: `/${count}`, body: null }, (bytes) => {
    if (bytes.length !== count) throw new Error(`expected ${count} bytes, got ${bytes.length}`)
    return bytes
  })
}
