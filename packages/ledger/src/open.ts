import type { Ledger } from './ledger.ts'

export interface LedgerConfig {
  /** As `ledgerSettings` takes it: redis://, rediss:// or file:PATH. */
  ledgerUrl: string
  keyPrefix: string
  /** Most coins that the wallet keeps, from 0: `record` counts further ones without keeping them. Absent: all are kept. */
  maxCoins?: number
  /** Gets one line about a store that works and may lose data, at most once. */
  warn?: (line: string) => void
}

/**
 * Opens the ledger that the URL names. Redis is connected in the background, so it may be down, and a file may be busy
 * or on a full disk: calls reject until that has passed. Rejects where waiting would not help, as with no database.
 */
export async function openLedger({
  ledgerUrl,
  keyPrefix,
  maxCoins = Number.MAX_SAFE_INTEGER,
  warn = () => {},
}: LedgerConfig): Promise<Ledger> {
  // Imported when needed: whoever counts in a file never loads the Redis client, nor the other way round.
  if (ledgerUrl.startsWith('file:')) {
    const { openSqlite } = await import('./sqlite/sqlite.ts')
    return openSqlite(ledgerUrl, keyPrefix, maxCoins)
  }
  const { openRedis } = await import('./redis/redis.ts')
  return openRedis(ledgerUrl, keyPrefix, maxCoins, warn)
}
