export type { Entry, Coin, CoinCounts, Ledger, Report, Sums, Totals, UpstreamReport } from './ledger.ts'
export { openLedger, type LedgerConfig } from './open.ts'
export { ledgerSettings, walletSettings } from './settings.ts'
export { OTHERS } from './stored-reports.ts'
