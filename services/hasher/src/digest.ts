import { createHash, hash, type Hash } from 'node:crypto'

/** The SHA-256 (FIPS 180-4) of a body that arrives in chunks, so memory does not grow with it. */
export interface Digest {
  take: (chunk: Buffer) => void
  /** 64 lower-case hexadecimal digits. */
  hex: () => string
}

export function createDigest(): Digest {
  let first: Buffer | undefined
  let rest: Hash | undefined
  return {
    take(chunk) {
      // A small body is one chunk, and hashing it in one call takes half the time.
      if (!first) first = chunk
      else (rest ??= createHash('sha256').update(first)).update(chunk)
    },
    hex: () => (rest ? rest.digest('hex') : hash('sha256', first ?? '')),
  }
}

/** Bytes of a piece, and the most pieces of a batch. */
export const PIECE_BYTES = 32
export const MAX_PIECES = 1000

/** The SHA-256 of each piece in order, one per line: 64 lower-case hexadecimal digits. */
export function digestPieces(pieces: Buffer): string {
  let lines = ''
  for (let at = 0; at < pieces.length; at += PIECE_BYTES) {
    lines += `${hash('sha256', pieces.subarray(at, at + PIECE_BYTES))}\n`
  }
  return lines
}
