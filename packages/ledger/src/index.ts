export type { Batch, Coin, Ledger, Report, Sums, Totals, UpstreamReport } from './ledger.ts'
export { openLedger } from './open.ts'
export { ledgerSettings } from './settings.ts'
