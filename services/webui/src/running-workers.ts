import { OTHERS, type Report, type UpstreamReport } from '@dockercoins/ledger'

import type { Upstream } from './api.ts'
import type { Replicas } from './pipeline.ts'
import { sumsOf } from './report-sums.ts'

/** Replicas that responded within this time count as running: an entry names few. Milliseconds. */
const RECENT_MS = 10_000
/**
 * A worker may report no unit of work for this many times its usual unit, and for so many
 * milliseconds, before its last report with work is too old.
 */
const UNITS = 3
const STALLED_MS = 1_500
/** At most this many replicas of a service are remembered. */
const MAX_REPLICAS = 1000
/** A wall clock that falls behind the monotonic clock by more was set back, milliseconds. */
const STEP_MS = 1000

interface Followed {
  report: Report
  /** The last report with a unit of work, if there was one, and when it came. */
  withWork: { report: Report; at: number }
  /** When the report changed by the monotonic clock, and how far the wall clock was ahead. */
  changedAt: number
  wallAhead: number
}

/** Follows running workers from read to read: their newest reports, and the last with work. */
export function followWorkers(): (reports: Report[], now: number) => { running: Report[]; withWork: Report[] } {
  let workers = new Map<string, Followed>()

  return (reports, now) => {
    const wallAhead = Date.now() - now
    workers = new Map(
      reports.map((report) => [report.worker, follow(workers.get(report.worker), report, now, wallAhead)]),
    )
    // A worker that ended before the wall clock was set back stays in the ledger for that long.
    const running = [...workers.values()].filter(
      (last) => wallAhead > last.wallAhead - STEP_MS || now - last.changedAt <= last.report.expiresAfterMs,
    )
    return {
      running: running.map(({ report }) => report),
      withWork: running.map(({ report, withWork, changedAt }) =>
        changedAt - withWork.at < longestWaitMs(withWork.report) ? withWork.report : report,
      ),
    }
  }
}

function follow(before: Followed | undefined, report: Report, now: number, wallAhead: number): Followed {
  const { from, to, hashes } = before?.report ?? {}
  if (before && report.from === from && report.to === to && report.hashes === hashes) return { ...before, report }
  // A report without a unit does not show where time goes; the one before does.
  const withWork = report.hashes > 0 || !before ? { report, at: now } : before.withWork
  return { report, withWork, changedAt: now, wallAhead }
}

/** How long a report with work is used while its worker reports no other unit. */
function longestWaitMs({ hashes, hashesPerUnit, pauseMs, rng, hasher }: Report): number {
  const unitMs = (pauseMs + totalMs(rng) + totalMs(hasher)) / Math.max(1, hashes / hashesPerUnit)
  return Math.max(STALLED_MS, UNITS * unitMs)
}

function totalMs({ queueMs, workMs, networkMs }: UpstreamReport): number {
  return queueMs + workMs + networkMs
}

/** Follows the recent replicas of a service. None are known while no worker reports them. */
export function followReplicas(name: Upstream): (running: Report[], withWork: Report[], now: number) => Replicas {
  const respondedAt = new Map<string, number>()

  return (running, withWork, now) => {
    const requests = requestsOf(withWork, name)
    const silent = new Set<string>()
    for (const report of running) for (const replica of report[name].notResponding) silent.add(replica)
    if (silent.size > 0) for (const replica of requestsOf(running, name).keys()) silent.delete(replica)
    for (const replica of requests.keys()) {
      if (respondedAt.has(replica) || respondedAt.size < MAX_REPLICAS) respondedAt.set(replica, now)
    }
    for (const [replica, at] of respondedAt) {
      if (at < now - RECENT_MS || silent.has(replica)) respondedAt.delete(replica)
    }
    const names = running.length > 0 ? [...respondedAt.keys()] : []
    const fault = running.find((report) => report[name].fault)?.[name].fault
    return { running: names.map((each) => [each, requests.get(each) ?? 0]), notResponding: [...silent], fault }
  }
}

/** The requests to which each replica responded. */
function requestsOf(reports: Report[], name: Upstream): Map<string, number> {
  const requests = new Map<string, number>()
  for (const report of reports)
    for (const [replica, count] of sumsOf(report).replicas[name])
      requests.set(replica, (requests.get(replica) ?? 0) + count)
  requests.delete(OTHERS)
  return requests
}
