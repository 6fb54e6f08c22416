import type { Ledger, Report } from '@dockercoins/ledger'

import { advise } from './advice.ts'
import type { Snapshot } from './api.ts'
import { createVerdicts } from './bottleneck.ts'
import { settledSecond } from './history.ts'
import { createCapacity, createForeignSpeed } from './moving-means.ts'
import { describePipeline } from './pipeline.ts'
import { followReplicas, followWorkers } from './running-workers.ts'
import type { Platform } from './scale-command.ts'

/** Each snapshot sends this many seconds again, because a late entry may change them. */
const RESENT_S = 60
const LATEST_COINS = 8

/** Rejects when the ledger does. */
export type ReadSnapshot = () => Promise<Snapshot>

/**
 * Returns a reader of the ledger that remembers what ran recently. `platform` is that of the
 * advice.
 */
export function createSnapshotReader(ledger: Ledger, platform: Platform): ReadSnapshot {
  const workers = followWorkers()
  const rngReplicas = followReplicas('rng')
  const hasherReplicas = followReplicas('hasher')
  const measureForeignSpeed = createForeignSpeed()
  const smoothCapacity = createCapacity()
  const verdicts = createVerdicts()
  let known = { rng: 0, hasher: 0 }

  return async () => {
    try {
      return await read()
    } catch (error) {
      verdicts.lost()
      throw error
    }
  }

  async function read(): Promise<Snapshot> {
    const began = performance.now()
    const [totals, reports] = await Promise.all([ledger.totals(), ledger.reports()])
    const readAt = performance.now()
    const now = Date.now() / 1000
    const { running, withWork } = workers(reports, readAt)
    const settledUntil = settledSecond(now, running)
    const speeds = await ledger.speeds(settledUntil - RESENT_S, RESENT_S)

    const replicas = {
      rng: rngReplicas(running, withWork, readAt),
      hasher: hasherReplicas(running, withWork, readAt),
    }
    const pipeline = describePipeline(withWork, replicas, measureForeignSpeed(totals, readAt))
    // Only workers report replicas. When none runs, the advice keeps the numbers last known.
    if (running.length > 0) known = { rng: pipeline.rng.count, hasher: pipeline.hasher.count }
    const verdict = verdicts.judge(pipeline, running, readAt, (bottleneck) =>
      advise(pipeline, bottleneck, platform, known),
    )
    return {
      hashes: totals.hashes,
      coins: totals.coins,
      now,
      settledUntil,
      speeds,
      pipeline: { ...pipeline, capacity: smoothCapacity(pipeline) },
      ...verdict,
      ledgerMs: readAt - began,
      latestCoins: latestCoins(running),
    }
  }
}

function latestCoins(reports: Report[]): Snapshot['latestCoins'] {
  const coins = reports.flatMap((report) =>
    report.latestCoins.map(({ digest, at }) => ({ digest, worker: report.hostname, at: at / 1000 })),
  )
  return coins.toSorted((a, b) => b.at - a.at).slice(0, LATEST_COINS)
}
