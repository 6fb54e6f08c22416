import type { Report, UpstreamReport } from '@dockercoins/ledger'

import { namesOf, type Replicas, type Upstream } from './pipeline.ts'

/** One worker asks few replicas within one entry: those that answered within this time are running, milliseconds. */
const RECENT_MS = 10_000
/** For this many times as long as its unit takes, a worker is believed to be at the next one. */
const UNITS_AT_WORK = 3
/** Replicas of a service that are remembered at most. */
const MAX_REPLICAS = 1000
/** The wall clock was set back when it falls behind the other clock by more than this, milliseconds. */
const STEP_MS = 1000

interface Known {
  report: Report
  /** The last report that has a unit of work, if there was one, and when it came. */
  withWork: Report
  withWorkAt: number
  /** When the report changed for the last time, by the clock that nobody sets, and how far the wall clock was ahead of it. */
  changedAt: number
  wallAhead: number
}

/** Follows the workers that are running from one read of all reports to the next. */
export function followWorkers(): (reports: Report[], now: number) => { running: Report[]; withWork: Report[] } {
  let workers = new Map<string, Known>()

  return (reports, now) => {
    const wallAhead = Date.now() - now
    workers = new Map(
      reports.map((report) => [report.worker, follow(workers.get(report.worker), report, now, wallAhead)]),
    )
    // The ledger keeps the report of a worker that ended just before the wall clock was set back, until that time comes again.
    const known = [...workers.values()].filter(
      ({ report, ...last }) => wallAhead > last.wallAhead - STEP_MS || now - last.changedAt <= report.expiresAfterMs,
    )
    return {
      running: known.map(({ report }) => report),
      withWork: known.map(({ report, withWork, withWorkAt }) =>
        now - withWorkAt < longestWait(withWork) ? withWork : report,
      ),
    }
  }
}

function follow(before: Known | undefined, report: Report, now: number, wallAhead: number): Known {
  const isSame =
    before?.report.to === report.to && before.report.from === report.from && before.report.hashes === report.hashes
  if (before && isSame) return { ...before, report }
  // A report without a unit says nothing of where time goes; the one before does, unless that is too long ago.
  const work = report.hashes > 0 || !before ? { withWork: report, withWorkAt: now } : before
  return { withWork: work.withWork, withWorkAt: work.withWorkAt, report, changedAt: now, wallAhead }
}

/** For how long a report with work is believed while its worker reports no other, milliseconds. */
function longestWait({ hashes, hashesPerUnit, pauseMs, rng, hasher, expiresAfterMs }: Report): number {
  const unitMs = (pauseMs + timeIn(rng) + timeIn(hasher)) / Math.max(1, hashes / hashesPerUnit)
  return Math.max(RECENT_MS, expiresAfterMs, UNITS_AT_WORK * unitMs)
}

function timeIn({ queueMs, workMs, networkMs }: UpstreamReport): number {
  return queueMs + workMs + networkMs
}

/**
 * Follows the replicas of the service `name`, from the newest reports of the workers that are running and their last ones
 * with work. None are known without a worker that reports them.
 */
export function followReplicas(name: Upstream): (running: Report[], withWork: Report[], now: number) => Replicas {
  const namedAt = new Map<string, number>()

  return (running, withWork, now) => {
    const answering = new Set(running.flatMap((report) => namesOf(report[name])))
    const silent = new Set(running.flatMap((report) => report[name].notResponding).filter((one) => !answering.has(one)))
    for (const replica of withWork.flatMap((report) => namesOf(report[name]))) {
      if (namedAt.has(replica) || namedAt.size < MAX_REPLICAS) namedAt.set(replica, now)
    }
    for (const [replica, at] of namedAt) if (at < now - RECENT_MS || silent.has(replica)) namedAt.delete(replica)
    return { running: running.length > 0 ? [...namedAt.keys()] : [], notResponding: [...silent] }
  }
}
