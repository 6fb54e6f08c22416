import { integer, text } from '@dockercoins/service'
import * as v from 'valibot'

import { fileOf } from './file-url.ts'

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

function isLedgerUrl(url: string): boolean {
  return url.startsWith('file:') ? fileOf(url) !== undefined : isRedisUrl(url)
}

function isRedisUrl(url: string): boolean {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) return false
  const { hostname, pathname, search, hash, username, password } = new URL(url)
  return hostname !== '' && /^(\/\d{0,5})?$/.test(pathname) && !search && !hash && isEncoded(username + password)
}

/**
 * Whether every `%` begins an encoded character, as a password with special characters needs in a
 * URL.
 */
function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}
