import type { Ledger, Report, Totals } from '@dockercoins/ledger'

import { advise, type Advice } from './advice.ts'
import { createCapacity } from './capacity.ts'
import { createForeignSpeed } from './foreign-speed.ts'
import { describePipeline, type Pipeline } from './pipeline.ts'
import { followReplicas, followWorkers } from './running-workers.ts'
import type { Platform } from './scale-command.ts'
import { createVerdicts } from './verdict.ts'

/** What the dashboard shows, once per second. */
export interface Snapshot extends Omit<Totals, 'recorded'> {
  /** Seconds since the epoch, as in the classic's /json. */
  now: number
  /** End of the newest settled second, seconds since the epoch. */
  settledUntil: number
  /** The measured speed of the last settled seconds, oldest first, hashes per second; null where it is not known. */
  speeds: (number | null)[]
  /** The speed of workers that do not report, a mean over some seconds; null where it is not known yet. */
  foreignSpeed: number | null
  /** The speed that theory allows with what runs now, smoothed, hashes per second; null where it is not known. */
  capacity: number | null
  pipeline: Pipeline
  /** How long the ledger took to answer, milliseconds. */
  ledgerMs: number
  advice: Advice
  /** Of all workers, newest first. `at` is in seconds since the epoch. */
  latestCoins: { digest: string; worker: string; at: number }[]
}

/** A worker that has not reported yet what it did holds up the settled speed for this long, in seconds, or for as long as it may be running. */
const LONGEST_WAIT_S = 10
/** A late entry may change seconds that were sent before, so that each snapshot sends so many again. */
const RETOLD_S = 60
const LATEST_COINS = 8

/**
 * Reads snapshots from a ledger, one after the other; it remembers what ran recently. A snapshot rejects when the ledger
 * does.
 */
export function createSnapshotReader(ledger: Ledger, platform: Platform): () => Promise<Snapshot> {
  const workers = followWorkers()
  const services = { rng: followReplicas('rng'), hasher: followReplicas('hasher') }
  const measureForeignSpeed = createForeignSpeed()
  const smoothCapacity = createCapacity()
  const verdicts = createVerdicts()
  let known = { rng: 0, hasher: 0 }

  async function read() {
    const began = performance.now()
    const [totals, reports] = await Promise.all([ledger.totals(), ledger.reports()])
    const readAt = performance.now()
    const now = Date.now() / 1000
    const { running, withWork } = workers(reports, readAt)
    const settledUntil = settledSecond(now, running)
    const speeds = await ledger.speeds(settledUntil - RETOLD_S, RETOLD_S)
    return { totals, running, withWork, readAt, ledgerMs: readAt - began, now, settledUntil, speeds }
  }

  return async () => {
    const { totals, running, withWork, readAt, ledgerMs, now, settledUntil, speeds } = await read().catch(
      (error: unknown) => {
        verdicts.lost()
        throw error
      },
    )
    const foreignSpeed = measureForeignSpeed(totals, readAt)
    const replicas = {
      rng: services.rng(running, withWork, readAt),
      hasher: services.hasher(running, withWork, readAt),
    }
    const evidence = { reports: withWork, replicas, foreignSpeed, held: verdicts.held() }
    const { bottleneck: found, ...pipeline } = describePipeline(evidence)
    // Without a worker nobody sees them, and yet they are to stay.
    if (running.length > 0) known = { rng: pipeline.rng.count, hasher: pipeline.hasher.count }
    const judged = found ? { ...pipeline, bottleneck: found } : pipeline
    const { advice, ...verdict } = verdicts.judge(judged, running, readAt, () => advise(judged, platform, known))
    return {
      hashes: totals.hashes,
      coins: totals.coins,
      now,
      settledUntil,
      speeds,
      foreignSpeed,
      capacity: smoothCapacity(pipeline),
      pipeline: { ...pipeline, ...verdict },
      ledgerMs,
      advice,
      latestCoins: latestCoins(running),
    }
  }
}

/**
 * The whole second before which every running worker has reported all it did, so that no bucket before it will change
 * (the graph runs a little behind real time, so that the newest second is complete).
 */
export function settledSecond(now: number, workers: Pick<Report, 'to' | 'expiresAfterMs'>[]): number {
  const reported = workers.reduce((earliest, { to }) => Math.min(earliest, to / 1000), now - 1)
  const longestWait = workers.reduce(
    (most, { expiresAfterMs }) => Math.max(most, expiresAfterMs / 1000),
    LONGEST_WAIT_S,
  )
  return Math.floor(Math.max(reported, now - longestWait, 0))
}

function latestCoins(reports: Report[]): Snapshot['latestCoins'] {
  const coins = reports.flatMap((report) =>
    report.latestCoins.map(({ digest, at }) => ({ digest, worker: report.hostname, at: at / 1000 })),
  )
  return coins.toSorted((a, b) => b.at - a.at).slice(0, LATEST_COINS)
}
