import { replace } from './replace.ts'

// Preloaded to see what costs: everything as it is, but without metrics.
replace('/node_modules/prom-client/index.js', './metrics-stub.ts')
replace('/packages/service/src/histogram.ts', './metrics-stub.ts')
