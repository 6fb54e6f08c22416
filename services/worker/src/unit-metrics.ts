import { Counter, type Registry } from 'prom-client'

import type { Unit } from './tally.ts'

/** Counts units of work, coins, and where the time of the units went, for Prometheus. */
export function createUnitMetrics(registry: Registry): (unit: Unit, isCoin: boolean) => void {
  const registers = [registry]
  const hashes = new Counter({ name: 'dockercoins_hashes_total', help: 'Units of work completed.', registers })
  const coins = new Counter({ name: 'dockercoins_coins_total', help: 'Coins found.', registers })
  const seconds = new Counter({
    name: 'dockercoins_unit_seconds_total',
    help: 'Time that units of work took, by where it went.',
    labelNames: ['part'],
    registers,
  })
  const [pause, rngQueue, rngWork, rngNetwork, hasherQueue, hasherWork, hasherNetwork] = [
    'pause',
    'rng_queue',
    'rng_work',
    'rng_network',
    'hasher_queue',
    'hasher_work',
    'hasher_network',
  ].map((part) => seconds.labels(part))

  return ({ pauseMs, bytes, digest }, isCoin) => {
    hashes.inc()
    if (isCoin) coins.inc()
    pause?.inc(pauseMs / 1000)
    rngQueue?.inc(bytes.queueMs / 1000)
    rngWork?.inc(bytes.workMs / 1000)
    rngNetwork?.inc(bytes.networkMs / 1000)
    hasherQueue?.inc(digest.queueMs / 1000)
    hasherWork?.inc(digest.workMs / 1000)
    hasherNetwork?.inc(digest.networkMs / 1000)
  }
}
