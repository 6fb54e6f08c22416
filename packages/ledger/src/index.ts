export type { Batch, Coin, CoinCounts, Ledger, Report, Sums, Totals, UpstreamReport } from './ledger.ts'
export { openLedger } from './open.ts'
export { ledgerSettings, walletSettings } from './settings.ts'
export { OTHERS } from './stored.ts'
