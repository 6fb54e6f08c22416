import { OTHERS, type Report } from '@dockercoins/ledger'

import type { Upstream } from './api.ts'
import type { Replicas } from './pipeline.ts'
import { sumsOf } from './report-sums.ts'

/**
 * Replicas that responded within this time count as running: an entry names few. The report of one
 * of many workers is read again within it. Milliseconds.
 */
const RECENT_MS = 10_000
/** At most this many replicas of a service are remembered. */
const MAX_REPLICAS = 1000
/** A wall clock that falls behind the monotonic clock by more was set back, milliseconds. */
const STEP_MS = 1000

interface Followed {
  report: Report
  /** Whether the report was read just now. Of many workers, most were read before. */
  isFresh: boolean
  /** When the report changed by the monotonic clock, and how far the wall clock was ahead. */
  changedAt: number
  wallAhead: number
}

/** The reports of the workers that run, and those of them that were read just now. */
export interface Running {
  all: Report[]
  fresh: Report[]
}

/** Follows running workers from read to read. */
export function followWorkers(): (reports: Report[], now: number) => Running {
  let workers = new Map<string, Followed>()

  return (reports, now) => {
    const wallAhead = Date.now() - now
    workers = new Map(
      reports.map((report) => [report.worker, follow(workers.get(report.worker), report, now, wallAhead)]),
    )
    // A worker that ended before the wall clock was set back stays in the ledger for that long.
    const running = [...workers.values()].filter(({ report, changedAt, wallAhead: before }) => {
      const isStepped = wallAhead <= before - STEP_MS
      return !isStepped || now - changedAt <= Math.max(RECENT_MS, report.expiresAfterMs)
    })
    return {
      all: running.map(({ report }) => report),
      fresh: running.filter(({ isFresh }) => isFresh).map(({ report }) => report),
    }
  }
}

function follow(before: Followed | undefined, report: Report, now: number, wallAhead: number): Followed {
  const changed = { report, isFresh: true, changedAt: now, wallAhead }
  if (!before) return changed
  const { from, to, hashes } = before.report
  const isFresh = report !== before.report
  if (report.from === from && report.to === to && report.hashes === hashes) return { ...before, report, isFresh }
  // A worker of an older version does not repeat the figures of its last units.
  const isUnrepeated = report.isRepeated === undefined && report.hashes === 0 && hashes > 0
  return isUnrepeated && now - before.changedAt < RECENT_MS ? { ...before, isFresh } : changed
}

/** Follows the recent replicas of a service. None are known while no worker reports them. */
export function followReplicas(name: Upstream): (running: Running, now: number) => Replicas {
  const respondedAt = new Map<string, number>()

  return ({ all, fresh }, now) => {
    const requests = requestsOf(all, name)
    const silent = new Set<string>()
    for (const report of all) for (const replica of report[name].notResponding) silent.add(replica)
    if (silent.size > 0) {
      const recent = fresh.filter(({ isRepeated }) => !isRepeated)
      for (const replica of requestsOf(recent, name).keys()) silent.delete(replica)
    }
    for (const replica of requestsOf(fresh, name).keys()) {
      if (respondedAt.has(replica) || respondedAt.size < MAX_REPLICAS) respondedAt.set(replica, now)
    }
    for (const [replica, at] of respondedAt) {
      if (at < now - RECENT_MS || silent.has(replica)) respondedAt.delete(replica)
    }
    const names = all.length > 0 ? [...respondedAt.keys()] : []
    const fault = all.find((report) => report[name].fault)?.[name].fault
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
