import type { Ledger, Report, Totals, UpstreamReport } from '@dockercoins/ledger'

import { advise, type Advice } from './advice.ts'
import { describePipeline, type Pipeline, type Upstream } from './pipeline.ts'
import type { Platform } from './scale-command.ts'

/** What the dashboard shows, once a second. */
export interface Snapshot extends Totals {
  /** Seconds since the epoch, as in the classic's /json. */
  now: number
  /** End of the newest settled second, seconds since the epoch. */
  settledUntil: number
  /** The true speed of the last settled seconds, oldest first, hashes a second. */
  speeds: number[]
  pipeline: Pipeline
  /** How long the ledger took to answer, milliseconds. */
  ledgerMs: number
  advice: Advice
  /** Of all workers, newest first. `at` is in seconds since the epoch. */
  latestCoins: { digest: string; worker: string; at: number }[]
}

/** A worker that has not told yet what it did holds up the settled speed for this long, in seconds, or as long as it may be alive. */
const LONGEST_WAIT_S = 10
/** A late batch may change seconds that were told before, so that each snapshot tells so many again. */
const RETOLD_S = 60
/** One worker asks few replicas within one batch; those of so many seconds are told, milliseconds. */
const SEEN_FOR_MS = 10_000
/** For so many times as long as its unit takes, a worker is believed to be at the next one. */
const UNITS_AT_WORK = 3
const LATEST_COINS = 8

/** Takes snapshots of a ledger; it remembers which replicas were seen lately. A snapshot rejects when the ledger does. */
export function createCamera(ledger: Ledger, platform: Platform): () => Promise<Snapshot> {
  const seen: Record<Upstream, Map<string, number>> = { rng: new Map(), hasher: new Map() }
  let telling = new Map<string, Report>()
  let known = { rng: 0, hasher: 0 }

  return async () => {
    const began = performance.now()
    const [totals, reports] = await Promise.all([ledger.totals(), ledger.reports()])
    const ledgerMs = performance.now() - began
    const now = Date.now()
    const settledUntil = settledSecond(now / 1000, reports)
    const speeds = (await ledger.speeds(settledUntil - RETOLD_S, RETOLD_S)).map((speed) => speed ?? 0)
    telling = new Map(reports.map((report) => [report.worker, newestTelling(report, telling.get(report.worker), now)]))
    const told = [...telling.values()]
    const replicas = { rng: look(seen.rng, told, 'rng', now), hasher: look(seen.hasher, told, 'hasher', now) }
    const pipeline = describePipeline(told, replicas)
    // Without a worker nobody sees them, and yet they are to stay.
    if (told.length > 0) known = { rng: replicas.rng.length, hasher: replicas.hasher.length }
    return {
      ...totals,
      now: now / 1000,
      settledUntil,
      speeds,
      pipeline,
      ledgerMs,
      advice: advise(pipeline, platform, known),
      latestCoins: latestCoins(reports),
    }
  }
}

/**
 * The whole second before which every worker alive has told all it did, so that no bucket before it will change
 * (the graph runs a little behind real time, so that the newest second is complete).
 */
export function settledSecond(now: number, workers: Pick<Report, 'to' | 'expiresAfterMs'>[]): number {
  const told = Math.min(now - 1, ...workers.map(({ to }) => to / 1000))
  const longestWait = Math.max(LONGEST_WAIT_S, ...workers.map(({ expiresAfterMs }) => expiresAfterMs / 1000))
  return Math.floor(Math.max(told, now - longestWait))
}

/** A report without a unit says nothing of where time goes; the one before does, unless that is too long ago. */
function newestTelling(report: Report, before: Report | undefined, now: number): Report {
  if (report.hashes > 0 || !before) return report
  const { hashes, hashesPerUnit, pauseMs, rng, hasher, to, expiresAfterMs } = before
  const unitMs = (pauseMs + timeIn(rng) + timeIn(hasher)) / Math.max(1, hashes / hashesPerUnit)
  return now - to < Math.max(SEEN_FOR_MS, expiresAfterMs, UNITS_AT_WORK * unitMs) ? before : report
}

function timeIn({ queueMs, workMs, networkMs }: UpstreamReport): number {
  return queueMs + workMs + networkMs
}

/** The names of `name`'s replicas that a worker alive was answered by lately; none once no worker is alive to tell. */
function look(seen: Map<string, number>, reports: Report[], name: Upstream, now: number): string[] {
  for (const report of reports) {
    for (const replica of Object.keys(report[name].replicas))
      seen.set(replica, Math.max(seen.get(replica) ?? 0, Math.min(report.to, now)))
  }
  const named = new Set(reports.flatMap((report) => Object.keys(report[name].replicas)))
  for (const [replica, at] of seen) if (!named.has(replica) && at < now - SEEN_FOR_MS) seen.delete(replica)
  return reports.length > 0 ? [...seen.keys()] : []
}

function latestCoins(reports: Report[]): Snapshot['latestCoins'] {
  const coins = reports.flatMap((report) =>
    report.latestCoins.map(({ digest, at }) => ({ digest, worker: report.hostname, at: at / 1000 })),
  )
  return coins.toSorted((a, b) => b.at - a.at).slice(0, LATEST_COINS)
}
