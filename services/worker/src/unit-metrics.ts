import { Counter, type Registry } from 'prom-client'

import { hashesIn, type Unit } from './tally.ts'

/** Counts hashes, coins, and where the time of the units of work went, for Prometheus. */
export function createUnitMetrics(registry: Registry): (unit: Unit, coins: number) => void {
  let hashesDone = 0
  let coinsFound = 0
  const timeMs = {
    pause: 0,
    rng_queue: 0,
    rng_work: 0,
    rng_network: 0,
    hasher_queue: 0,
    hasher_work: 0,
    hasher_network: 0,
  }
  // Plain sums, which the counters read when somebody looks: nine counters for each unit would cost more than the rest of it.
  countOnScrape(registry, 'dockercoins_hashes_total', 'Hashes made.', () => hashesDone)
  countOnScrape(registry, 'dockercoins_coins_total', 'Coins found.', () => coinsFound)
  const seconds = new Counter({
    name: 'dockercoins_unit_seconds_total',
    help: 'Time that units of work took, by where it went.',
    labelNames: ['part'],
    registers: [],
    collect() {
      this.reset()
      for (const [part, ms] of Object.entries(timeMs)) this.inc({ part }, ms / 1000)
    },
  })
  registry.registerMetric(seconds)

  return (unit, coins) => {
    const { pauseMs, bytes, digests } = unit
    hashesDone += hashesIn(unit)
    coinsFound += coins
    timeMs.pause += pauseMs
    timeMs.rng_queue += bytes.queueMs
    timeMs.rng_work += bytes.workMs
    timeMs.rng_network += bytes.networkMs
    timeMs.hasher_queue += digests.queueMs
    timeMs.hasher_work += digests.workMs
    timeMs.hasher_network += digests.networkMs
  }
}

function countOnScrape(registry: Registry, name: string, help: string, read: () => number): void {
  const counter = new Counter({
    name,
    help,
    registers: [],
    collect() {
      this.reset()
      this.inc(read())
    },
  })
  registry.registerMetric(counter)
}

/** Counts responses that tell to come back later. Gives the function to be called with the name of the upstream. */
export function createBackPressureMetric(registry: Registry): (upstream: string) => void {
  const counter = new Counter({
    name: 'dockercoins_back_pressure_total',
    help: 'Responses of a full queue, 503 with Retry-After, by upstream.',
    labelNames: ['upstream'],
    registers: [registry],
  })
  return (upstream) => counter.inc({ upstream })
}
