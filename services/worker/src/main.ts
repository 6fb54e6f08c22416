import { randomUUID } from 'node:crypto'

import { openLedger } from '@dockercoins/ledger'
import { aborted, exit, exitMisconfigured, loadConfig, replicaName, stopSignal } from '@dockercoins/service'
import { createPause } from '@dockercoins/simulation/pause'
import { Counter } from 'prom-client'

import { buildWorker } from './app.ts'
import { settings } from './config.ts'
import { createUnitMetrics } from './fast/unit-metrics.ts'
import { finishUnits, mineUntil } from './mine.ts'
import { createRecorder } from './record.ts'
import { createUpstream } from './upstream/upstream.ts'

/** The drain timeouts for units in progress, and then for the ledger. Milliseconds. */
const UNITS_TIMEOUT_MS = 250
const LEDGER_TIMEOUT_MS = 5_000

const config = loadConfig(settings)
const { revision, loops, hashesPerUnit, delayMs, intervalMs, timeoutMs } = config
const bug = new AbortController()
const stop = AbortSignal.any([stopSignal(), bug.signal])
const service = buildWorker(config, () => !stop.aborted && recorder.isReady() && rng.isReady() && hasher.isReady())
// Traces start when the service is ready.
await service.ready()
const { log, metrics, tracing } = service

const ledger = await openLedger({ ...config, warn: (line: string) => log.warn(line) }).catch((error: Error) =>
  exitMisconfigured(error.message),
)
const backPressure = new Counter({
  name: 'dockercoins_back_pressure_responses_total',
  help: 'Responses that ask the worker to retry later: 503 or 429 with Retry-After.',
  labelNames: ['upstream'],
  registers: [metrics],
})
const common = { timeoutMs, stop, log, onBackPressure: (name: string) => backPressure.inc({ upstream: name }) }
const rng = createUpstream('rng', { ...common, urls: config.rngUrls })
const hasher = createUpstream('hasher', { ...common, urls: config.hasherUrls })
const recorder = createRecorder({
  self: { worker: randomUUID(), hostname: replicaName(config), revision, loops, hashesPerUnit, delayMs },
  ledger,
  intervalMs,
  observe: createUnitMetrics(metrics),
  health: () => ({ rng: rng.health(), hasher: hasher.health() }),
  log,
  tracing,
})
await service.start()

// A loop ends before the worker stops only because of a bug. What is counted is recorded even then.
process.on('uncaughtException', stopOnBug)
const mining = Array.from({ length: loops }, () => {
  const pause = delayMs > 0 ? createPause(config) : undefined
  return mineUntil(stop, { rng, hasher, recorder, hashesPerUnit, pause, tracing }).catch(stopOnBug)
})
await aborted(stop)
await finishUnits(mining, UNITS_TIMEOUT_MS)
rng.destroy()
hasher.destroy()
const unrecorded = await recorder.finish(LEDGER_TIMEOUT_MS)
if (unrecorded > 0) {
  log.error({ unrecorded }, `${unrecorded} hashes may be uncounted: the ledger was lost and the worker had to stop`)
  process.exitCode = 1
}
await Promise.all([ledger.close(), service.close()])
// A DNS lookup in progress would keep the process running.
await exit()

function stopOnBug(error: Error): void {
  process.exitCode = 1
  if (bug.signal.aborted) return
  bug.abort()
  log.error(`the worker failed, a mistake in this program: ${error.message}; stopping`)
}
