import { replace } from './replace.ts'

// Preloaded to see what costs: everything as it is, but without logs.
replace('/packages/service/src/capped-log.ts', './logs-stub.ts')
