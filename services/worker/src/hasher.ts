import { hash } from 'node:crypto'

import type { Coin } from '@dockercoins/ledger'
import type { Span } from '@dockercoins/service/tracing'

import { HASH_BYTES } from './rng.ts'
import type { Upstream, UpstreamResponse } from './upstream/upstream.ts'

const DIGEST_LENGTH = 64
/** A digest and a newline. */
const LINE_LENGTH = DIGEST_LENGTH + 1
const ZERO = '0'.charCodeAt(0)

/**
 * Has hasher digest each 32 bytes: POST / for one digest, POST /batch for several, a line each.
 * Returns the coins among them: the digests that begin with 0.
 */
export function fetchCoins(hasher: Upstream, bytes: Buffer, unit?: Span): Promise<UpstreamResponse<Coin[]>> {
  const count = bytes.length / HASH_BYTES
  const path = count === 1 ? '/' : '/batch'
  const read = (body: Buffer, isTrial: boolean) => {
    checkForm(body.toString('latin1'), count)
    const coins: Coin[] = []
    for (let index = 0; index < count; index++) {
      const start = index * LINE_LENGTH
      const isCoin = body[start] === ZERO
      // To verify every digest would take longer than the rest of a unit of work.
      if (!isCoin && !isTrial) continue
      // Copies, because a view would keep all of the response in memory.
      const piece = new Uint8Array(bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES))
      const digest = body.toString('latin1', start, start + DIGEST_LENGTH)
      const expected = hash('sha256', piece)
      if (digest !== expected) throw new Error(`expected the SHA-256 of the bytes, ${expected}, got ${digest}`)
      if (isCoin) coins.push({ digest, bytes: piece })
    }
    return coins
  }
  return hasher.request({ method: 'POST', path, body: bytes }, read, unit)
}

function checkForm(text: string, count: number): void {
  const lines = count === 1 ? `${text}\n` : text
  if (lines.length === count * LINE_LENGTH && /^(?:[0-9a-f]{64}\n)*$/.test(lines)) return
  const expected = count === 1 ? '64 hexadecimal digits' : `${count} lines of 64 hexadecimal digits`
  throw new Error(`expected ${expected}, got ${JSON.stringify(text.slice(0, 80))}`)
}
