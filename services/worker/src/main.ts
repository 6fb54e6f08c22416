import { randomUUID } from 'node:crypto'

import { openLedger } from '@dockercoins/ledger'
import { aborted, createService, exit, loadConfig, exitMisconfigured, stopSignal } from '@dockercoins/service'
import { createPause } from '@dockercoins/simulation/pause'

import { settings } from './config.ts'
import { finishUnits, mineUntil } from './mine.ts'
import { createRecorder } from './record.ts'
import { createBackPressureMetric, createUnitMetrics } from './unit-metrics.ts'
import { createUpstream } from './upstream/upstream.ts'

/** How long the units in hand may take once the worker is to stop, and how long it then tries to record them. Milliseconds. */
const FINISH_UNITS_MS = 250
const FINISH_RECORDS_MS = 5_000

const config = loadConfig(settings)
const bug = new AbortController()
const stop = AbortSignal.any([stopSignal(), bug.signal])

const service = createService('worker', config, {
  isReady: () => !stop.aborted && recorder.isReady() && rng.isReady() && hasher.isReady(),
})
service.get('/', (_request, reply) => reply.type('text/plain').send(`WORKER running on ${config.hostname}\n`))

const { log } = service
const warn = (line: string) => log.warn(line)
const ledger = await openLedger({ ...config, warn }).catch((error: Error) => exitMisconfigured(error.message))
const { timeoutMs } = config
const onBackPressure = createBackPressureMetric(service.metrics)
const rng = createUpstream('rng', { urls: config.rngUrls, timeoutMs, stop, log, onBackPressure })
const hasher = createUpstream('hasher', { urls: config.hasherUrls, timeoutMs, stop, log, onBackPressure })
const recorder = createRecorder({
  ...config,
  ledger,
  worker: randomUUID(),
  stop,
  observe: createUnitMetrics(service.metrics),
  notResponding: () => ({ rng: rng.notResponding(), hasher: hasher.notResponding() }),
  log,
})

await service.start()
const loops = Array.from({ length: config.loops }, () => {
  const pause = config.delayMs > 0 ? createPause(config.delayMs) : undefined
  return mineUntil(stop, { rng, hasher, recorder, hashesPerUnit: config.hashesPerUnit, pause })
})

// A loop ends before the worker is to stop only by a mistake in this program: what was counted is recorded all the same.
process.on('uncaughtException', endOnBug)
const mining = loops.map((loop) => loop.catch(endOnBug))
await aborted(stop)
await finishUnits(mining, FINISH_UNITS_MS)
destroyUpstreams()
const givenUp = await recorder.finish(FINISH_RECORDS_MS)
if (givenUp > 0) {
  log.error({ givenUp }, `${givenUp} hashes may be uncounted: the ledger was away and the worker had to stop`)
  process.exitCode = 1
}
await Promise.all([ledger.close(), service.close()])
// Not left to Node: a name that is being resolved would keep the process for as long as the resolver takes.
await exit()

function endOnBug(error: Error): void {
  process.exitCode = 1
  if (bug.signal.aborted) return
  bug.abort()
  log.error(`the worker failed, a mistake in this program: ${error.message}; stopping`)
}

function destroyUpstreams(): void {
  rng.destroy()
  hasher.destroy()
}
