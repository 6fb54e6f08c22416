import type { Ledger } from './ledger.ts'

export interface LedgerConfig {
  /** As `ledgerSettings` takes it: redis://, rediss:// or file:PATH. */
  ledgerUrl: string
  keyPrefix: string
  /** Most coins that the wallet keeps; further ones are only counted. Default: no limit. */
  maxCoins?: number
  /** Receives at most one line, about a store that works but may lose data. */
  warn?: (line: string) => void
}

/**
 * Opens the ledger that the URL names. Redis may be down, and a file may be busy or on a full
 * disk: calls reject until the cause ends. Rejects on a permanent error, such as a file that is not
 * a database.
 */
export async function openLedger({
  ledgerUrl,
  keyPrefix,
  maxCoins = Number.MAX_SAFE_INTEGER,
  warn = () => {},
}: LedgerConfig): Promise<Ledger> {
  // Imported on demand: a process loads only the client of its own store.
  if (ledgerUrl.startsWith('file:')) {
    const { openSqlite } = await import('./sqlite/sqlite.ts')
    return openSqlite(ledgerUrl, keyPrefix, maxCoins)
  }
  const { openRedis } = await import('./redis/redis.ts')
  return openRedis(ledgerUrl, keyPrefix, maxCoins, warn)
}
