// Nine increments of prom-client's counters take 2.7 µs, a tenth of all that the worker does for a
// unit of work without pauses. Nine plain sums, which the counters read at a scrape, take 0.05 µs.
import { Counter, type Registry } from 'prom-client'

import type { Unit } from '../tally.ts'
import type { UpstreamResponse } from '../upstream/upstream.ts'

const noTime = () => ({ queue: 0, service: 0, network: 0 })

/** Counts hashes, coins, and where the time of the units of work went. */
export function createUnitMetrics(registry: Registry): (unit: Unit) => void {
  let hashes = 0
  let coins = 0
  let pauseMs = 0
  const upstreams = { rng: noTime(), hasher: noTime() }

  const register = (name: string, help: string, read: (counter: Counter) => void) => {
    const labelNames = ['upstream', 'phase']
    const collect = function (this: Counter) {
      this.reset()
      read(this)
    }
    registry.registerMetric(new Counter({ name, help, labelNames, registers: [], collect }))
  }
  register('dockercoins_hashes_total', 'Hashes computed.', (counter) => counter.inc(hashes))
  register('dockercoins_coins_total', 'Coins found.', (counter) => counter.inc(coins))
  register('dockercoins_unit_seconds_total', 'Time that units of work took.', (counter) => {
    counter.inc({ phase: 'pause' }, pauseMs / 1000)
    for (const [upstream, phases] of Object.entries(upstreams))
      for (const [phase, ms] of Object.entries(phases)) counter.inc({ upstream, phase }, ms / 1000)
  })

  return (unit) => {
    hashes += unit.hashes
    coins += unit.hasher.value.length
    pauseMs += unit.pauseMs
    add(upstreams.rng, unit.rng)
    add(upstreams.hasher, unit.hasher)
  }
}

function add(phases: ReturnType<typeof noTime>, response: UpstreamResponse<unknown>): void {
  phases.queue += response.queueMs
  phases.service += response.workMs
  phases.network += response.networkMs
}
