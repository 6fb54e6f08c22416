import { fileURLToPath } from 'node:url'

import { integer, text } from '@dockercoins/service'
import * as v from 'valibot'

/** What every process that uses the ledger reads from its environment. */
export const ledgerSettings = {
  ledgerUrl: text('LEDGER_URL', {
    alias: 'REDIS_URL',
    default: 'redis://redis:6379',
    meaning:
      'the ledger: Redis (or Valkey), with TLS for `rediss:`, or a file for `file:`. `REDIS_URL` is understood too',
    expected:
      'redis://[user:password@]host[:port][/database], the same with rediss: for TLS, or file:PATH for the embedded ledger',
    schema: v.pipe(v.string(), v.check(isLedgerUrl)),
  }),
  keyPrefix: text('KEY_PREFIX', {
    default: '',
    shown: 'none',
    meaning: 'begins the name of every key, so that several applications can share one Redis',
    expected: 'at most 128 printable ASCII characters without spaces',
    schema: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{0,128}$/)),
  }),
}

/** What a process that records reads besides. */
export const walletSettings = {
  maxCoins: integer('MAX_COINS', {
    default: 1_000_000,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    meaning: 'most coins that the wallet keeps; further ones are counted, not kept',
  }),
}

/**
 * The path in `file:PATH`, undefined for another URL. PATH is literal, so that it may contain any
 * character; only `file://…` is percent-encoded, as URLs are.
 */
export function fileOf(url: string): string | undefined {
  if (!url.startsWith('file:')) return undefined
  return url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
}

function isLedgerUrl(url: string): boolean {
  try {
    const path = fileOf(url)
    if (path !== undefined) return path !== '' && !path.endsWith('/') && !path.includes('\0')
    const { hostname, pathname, search, hash, username, password } = new URL(url)
    decodeURIComponent(username + password) // throws where a `%` begins no encoded character
    return /^rediss?:\/\//.test(url) && hostname !== '' && /^(\/\d{0,5})?$/.test(pathname) && !search && !hash
  } catch {
    return false
  }
}
