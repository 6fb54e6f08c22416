import type { Span } from '@dockercoins/service/tracing'

import type { Upstream, UpstreamResponse } from './upstream/upstream.ts'

/** The random bytes of one hash. */
export const HASH_BYTES = 32

/** Gets `count` random bytes: GET /{count}. */
export function fetchRandomBytes(rng: Upstream, count: number, unit?: Span): Promise<UpstreamResponse<Buffer>> {
  const read = (bytes: Buffer) => {
    if (bytes.length !== count) throw new Error(`expected ${count} bytes, got ${bytes.length}`)
    return bytes
  }
  return rng.request({ method: 'GET', path: `/${count}`, body: null }, read, unit)
}
