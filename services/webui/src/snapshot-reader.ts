import type { Ledger } from '@dockercoins/ledger'
import type { Log } from '@dockercoins/service'

import type { Snapshot, Update } from './api.ts'
import { LONGEST_WAIT_S, settledSecond } from './history.ts'
import { createCapacity, createForeignSpeed } from './moving-means.ts'
import { describePipeline } from './pipeline.ts'
import { currentPlan, NOTHING } from './plan.ts'
import { followCoins, followReplicas, followWorkers } from './running-workers.ts'
import type { Start } from './scale-command.ts'
import { describeState } from './sentences.ts'
import type { Timeline } from './timeline.ts'
import { createVerdicts } from './verdict.ts'

/** Marks, and outages, in one snapshot: a viewer that reads every snapshot misses none. */
const LATEST_EVENTS = 20

/**
 * Returns a reader of the ledger that remembers what ran recently, and logs once when the ledger is
 * lost and once when it has recovered.
 */
export function createSnapshotReader(
  ledger: Ledger,
  start: Start,
  timeline: Timeline,
  log: Log,
): () => Promise<Update> {
  const workers = followWorkers()
  const rngReplicas = followReplicas('rng')
  const hasherReplicas = followReplicas('hasher')
  const latestCoins = followCoins()
  const measureForeignSpeed = createForeignSpeed()
  const smoothCapacity = createCapacity()
  const verdicts = createVerdicts()
  let known = NOTHING
  /** Since when the ledger is lost: seconds by the wall clock, milliseconds by the monotonic one. */
  let lost: { since: number; at: number } | undefined

  return async () => {
    try {
      const snapshot = await read()
      if (lost) {
        // The wall clock may have been set meanwhile.
        const seconds = (performance.now() - lost.at) / 1000
        log.info(`ledger has recovered after ${seconds.toFixed(1)} s`)
        timeline.addOutage(snapshot.now - seconds, snapshot.now)
      }
      lost = undefined
      return snapshot
    } catch (error) {
      verdicts.lost()
      const now = Date.now() / 1000
      if (!lost) log.warn(`ledger is lost: ${(error as Error).message}; retrying until it recovers`)
      lost ??= { since: now, at: performance.now() }
      return { now, ledgerLostSince: lost.since }
    }
  }

  async function read(): Promise<Snapshot> {
    const began = performance.now()
    const [{ hashes, coins, recorded }, reports] = await Promise.all([ledger.totals(), ledger.reports()])
    const readAt = performance.now()
    const now = Date.now() / 1000
    const running = workers(reports, readAt)
    // Reports that were read before say nothing of the seconds since.
    const settledUntil = settledSecond(now, running.fresh)
    // Sent again each second, because a late entry may change them.
    const from = settledUntil - LONGEST_WAIT_S
    const speeds = await ledger.speeds(from, LONGEST_WAIT_S)

    const replicas = {
      rng: rngReplicas(running, readAt),
      hasher: hasherReplicas(running, readAt),
    }
    const described = describePipeline(running.summary, replicas, measureForeignSpeed(hashes - recorded, readAt))
    const pipeline = { ...described, capacity: smoothCapacity(described) }
    // Only units of work show what runs. While none ends, the advice keeps what was last known.
    if (described.capacity !== null) known = currentPlan(described)
    const verdict = verdicts.judge(described, running.all, readAt, (state) =>
      describeState(described, state, start, known),
    )
    timeline.add(now, hashes, pipeline, !verdicts.isWaiting())
    const { marks, outages, ...levels } = timeline.window(from, LONGEST_WAIT_S)
    return {
      hashes,
      coins,
      now,
      history: { from, speeds, ...levels, marks: marks.slice(-LATEST_EVENTS), outages: outages.slice(-LATEST_EVENTS) },
      verdict,
      pipeline,
      ...start,
      ledgerMs: readAt - began,
      latestCoins: latestCoins(running.fresh, now),
    }
  }
}
