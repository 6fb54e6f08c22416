import type { Ledger } from './ledger.ts'
import { fileOf } from './settings.ts'

export type { Entry, Coin, CoinCounts, Ledger, Report, Sums, Totals, UpstreamReport } from './ledger.ts'
export { ledgerSettings, walletSettings } from './settings.ts'
export { OTHERS } from './stored-reports.ts'

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
 * Opens the ledger that the URL names. Redis may be down, and a file may be busy or on a full disk:
 * calls reject until the cause ends. Rejects on a permanent error, such as a file that is not a
 * database.
 */
export async function openLedger(config: LedgerConfig): Promise<Ledger> {
  const { ledgerUrl, keyPrefix, maxCoins = Number.MAX_SAFE_INTEGER, warn = () => {} } = config
  const path = fileOf(ledgerUrl)
  // Imported on demand: a process loads only the client of its own store.
  if (path !== undefined) return (await import('./sqlite/sqlite.ts')).openSqlite(path, keyPrefix, maxCoins)
  return (await import('./redis/redis.ts')).openRedis(ledgerUrl, keyPrefix, maxCoins, warn)
}
