import { replace } from './replace.ts'

// Preloaded to see what costs: everything as it is, but without the line and what it tells.
replace('/packages/service/src/simulated-work.ts', './line-stub.ts')
