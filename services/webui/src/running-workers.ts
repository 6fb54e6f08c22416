import { OTHERS, type Report } from '@dockercoins/ledger'

import type { Upstream } from './api.ts'
import type { Replicas } from './pipeline.ts'
import { sumsOf } from './report-sums.ts'

/**
 * Replicas that responded within this time count as running: an entry names few. Of many workers, a
 * report is read again within it. Milliseconds.
 */
const RECENT_MS = 10_000
/** At most this many replicas of a service are remembered. */
const MAX_REPLICAS = 1000
/** A wall clock that falls behind the monotonic clock by more was set back, milliseconds. */
const STEP_MS = 1000

interface Followed {
  report: Report
  /** When the report changed by the monotonic clock, and how far the wall clock was ahead. */
  changedAt: number
  wallAhead: number
}

/** Follows running workers from read to read. Returns the reports of those that run. */
export function followWorkers(): (reports: Report[], now: number) => Report[] {
  let workers = new Map<string, Followed>()

  return (reports, now) => {
    const wallAhead = Date.now() - now
    workers = new Map(
      reports.map((report) => {
        const before = workers.get(report.worker)
        const isSame = before && isSameWork(before.report, report)
        return [report.worker, isSame ? { ...before, report } : { report, changedAt: now, wallAhead }]
      }),
    )
    // A worker that ended before the wall clock was set back stays in the ledger for that long.
    return [...workers.values()]
      .filter(({ report, changedAt, wallAhead: before }) => {
        const isStepped = wallAhead <= before - STEP_MS
        return !isStepped || now - changedAt <= Math.max(RECENT_MS, report.expiresAfterMs)
      })
      .map(({ report }) => report)
  }
}

function isSameWork(one: Report, other: Report): boolean {
  return one.from === other.from && one.to === other.to && one.hashes === other.hashes
}

/** Follows the recent replicas of a service. None are known while no worker reports them. */
export function followReplicas(name: Upstream): (running: Report[], now: number) => Replicas {
  const respondedAt = new Map<string, number>()

  return (running, now) => {
    const requests = requestsOf(running, name)
    const silent = new Set<string>()
    for (const report of running) for (const replica of report[name].notResponding) silent.add(replica)
    if (silent.size > 0) {
      const recent = running.filter(({ isRepeated }) => !isRepeated)
      for (const replica of requestsOf(recent, name).keys()) silent.delete(replica)
    }
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
