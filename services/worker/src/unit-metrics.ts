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
  const part = (name: string) => seconds.labels(name)
  const pause = part('pause')
  const rng = { queue: part('rng_queue'), work: part('rng_work'), network: part('rng_network') }
  const hasher = { queue: part('hasher_queue'), work: part('hasher_work'), network: part('hasher_network') }

  return ({ pauseMs, bytes, digest }, isCoin) => {
    hashes.inc()
    if (isCoin) coins.inc()
    pause.inc(pauseMs / 1000)
    for (const [{ queue, work, network }, answer] of [
      [rng, bytes],
      [hasher, digest],
    ] as const) {
      queue.inc(answer.queueMs / 1000)
      work.inc(answer.workMs / 1000)
      network.inc(answer.networkMs / 1000)
    }
  }
}
