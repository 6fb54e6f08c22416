import { replace } from './replace.ts'

// Preloaded to see what costs: everything as it is, but a ledger that only nods.
replace('/packages/ledger/src/open.ts', './ledger-stub.ts')
