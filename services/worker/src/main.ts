import { randomUUID } from 'node:crypto'

import { openLedger } from '@dockercoins/ledger'
import {
  aborted,
  createPause,
  createService,
  exit,
  loadConfig,
  exitMisconfigured,
  stopSignal,
} from '@dockercoins/service'

import { settings } from './config.ts'
import { mineUntil } from './mine.ts'
import { createRecorder } from './record.ts'
import { createUnitMetrics } from './unit-metrics.ts'
import { createUpstream } from './upstream.ts'

/** How long the units in hand may take once the worker is to stop, and how long it then tries to record them. Milliseconds. */
const FINISH_UNITS_MS = 250
const FINISH_RECORDS_MS = 5_000

const config = loadConfig(settings)
const stop = stopSignal()

const service = createService('worker', config, {
  isReady: () => !stop.aborted && recorder.isReady() && rng.isReady() && hasher.isReady(),
})
service.get('/', (_request, reply) => reply.type('text/plain').send(`WORKER running on ${config.hostname}\n`))

const { log } = service
const warn = (line: string) => log.warn(line)
const ledger = await openLedger({ ...config, warn }).catch((error: Error) => exitMisconfigured(error.message))
const { timeoutMs } = config
const rng = createUpstream('rng', { urls: config.rngUrls, timeoutMs, stop, log })
const hasher = createUpstream('hasher', { urls: config.hasherUrls, timeoutMs, stop, log })
const recorder = createRecorder({
  ...config,
  ledger,
  worker: randomUUID(),
  observe: createUnitMetrics(service.metrics),
  log,
})

await service.start()
const loops = Array.from({ length: config.loops }, () => {
  const pause = config.delayMs > 0 ? createPause(config.delayMs) : undefined
  return mineUntil(stop, { rng, hasher, recorder, hashesPerUnit: config.hashesPerUnit, pause })
})

await aborted(stop)
const cutOff = setTimeout(destroyUpstreams, FINISH_UNITS_MS)
await Promise.all(loops)
clearTimeout(cutOff)
const givenUp = await recorder.finish(FINISH_RECORDS_MS)
if (givenUp > 0) {
  log.error({ givenUp }, `${givenUp} hashes may be uncounted: the ledger was away and the worker had to stop`)
  process.exitCode = 1
}
destroyUpstreams()
await Promise.all([ledger.close(), service.stop()])
// Not left to Node: a name that is being resolved would keep the process for as long as the resolver takes.
await exit()

function destroyUpstreams(): void {
  rng.destroy()
  hasher.destroy()
}
