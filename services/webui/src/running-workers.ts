import { OTHERS, type Report } from '@dockercoins/ledger'

import type { Snapshot, Upstream } from './api.ts'
import { cutName, type Replicas } from './pipeline.ts'
import { addUp, summarize, type Summary } from './summary.ts'

/**
 * Replicas that responded within this time count as running: an entry names few. The report of one
 * of many workers is read again within it. Milliseconds.
 */
const RECENT_MS = 10_000
/** At most this many replicas of a service are remembered. */
const MAX_REPLICAS = 1000
/** At most this many coins are shown. */
const LATEST_COINS = 8
/** A wall clock that falls behind the monotonic clock by more was set back, milliseconds. */
const STEP_MS = 1000

interface Followed {
  report: Report
  /** When the report was read. Of many workers, most were read before. */
  readAt: number
  /** When the report changed by the monotonic clock, and how far the wall clock was ahead. */
  changedAt: number
  wallAhead: number
}

/** The reports of the workers that run, and those of them that were read just now. */
export interface Running {
  all: Report[]
  fresh: Report[]
  /** Of all of them. */
  summary: Summary
}

/** Follows running workers from read to read. */
export function followWorkers(): (reports: Report[], now: number) => Running {
  let workers = new Map<string, Followed>()
  /** One per read. Of many workers few are read each time, so most summaries stay as they are. */
  let summaries = new Map<number, { group: Followed[]; summary: Summary }>()

  return (reports, now) => {
    const wallAhead = Date.now() - now
    const next = new Map<string, Followed>()
    for (const report of reports) next.set(report.worker, follow(workers.get(report.worker), report, now, wallAhead))
    workers = next
    // A worker that ended before the wall clock was set back stays in the ledger for that long.
    const running = [...workers.values()].filter(({ report, changedAt, wallAhead: before }) => {
      const isStepped = wallAhead <= before - STEP_MS
      return !isStepped || now - changedAt <= Math.max(RECENT_MS, report.expiresAfterMs)
    })
    const groups = Map.groupBy(running, ({ readAt }) => readAt)
    summaries = new Map(
      Array.from(groups, ([readAt, group]) => {
        const known = summaries.get(readAt)
        if (known && isSame(known.group, group)) return [readAt, known]
        return [readAt, { group, summary: addUp(group.map(({ report }) => summarize(report))) }]
      }),
    )
    return {
      all: running.map(({ report }) => report),
      fresh: (groups.get(now) ?? []).map(({ report }) => report),
      summary: addUp([...summaries.values()].map(({ summary }) => summary)),
    }
  }
}

function follow(before: Followed | undefined, report: Report, now: number, wallAhead: number): Followed {
  if (report === before?.report) return before
  const changed = { report, readAt: now, changedAt: now, wallAhead }
  if (!before) return changed
  const { from, to, hashes } = before.report
  if (report.from === from && report.to === to && report.hashes === hashes) return { ...before, report, readAt: now }
  // A worker of an older version does not repeat the figures of its last units.
  const isUnrepeated = report.isRepeated === undefined && report.hashes === 0 && hashes > 0
  return isUnrepeated && now - before.changedAt < RECENT_MS ? { ...before, readAt: now } : changed
}

function isSame(some: Followed[], others: Followed[]): boolean {
  return some.length === others.length && some.every((each, index) => each === others[index])
}

/** Follows the recent replicas of a service. None are known while no worker reports them. */
export function followReplicas(name: Upstream): (running: Running, now: number) => Replicas {
  const respondedAt = new Map<string, number>()

  return ({ all, fresh, summary }, now) => {
    const { replicas, notResponding, fault } = summary[name]
    const silent = new Set(notResponding)
    for (const report of fresh) {
      for (const replica of namesOf(report)) {
        if (!report.isRepeated) silent.delete(replica)
        if (respondedAt.has(replica) || respondedAt.size < MAX_REPLICAS) respondedAt.set(replica, now)
      }
    }
    for (const [replica, at] of respondedAt) {
      if (at < now - RECENT_MS || silent.has(replica)) respondedAt.delete(replica)
    }
    const names = all.length > 0 ? [...respondedAt.keys()] : []
    const running = names.map((each) => ({ name: each, served: replicas.get(each) ?? 0 }))
    return { running, notResponding: [...silent], fault }
  }

  function namesOf(report: Report): string[] {
    return Object.keys(report[name].replicas).filter((replica) => replica !== OTHERS)
  }
}

/**
 * Follows the latest coins, newest first. A report has only those of the last seconds. `now` is in
 * seconds since the epoch.
 */
export function followCoins(): (fresh: Report[], now: number) => Snapshot['latestCoins'] {
  let latest: Snapshot['latestCoins'] = []

  return (fresh, now) => {
    const reported = fresh.flatMap(({ hostname, latestCoins }) =>
      latestCoins.map(({ digest, at }) => ({ digest, worker: hostname, at: Math.min(at / 1000, now) })),
    )
    // What is later than now was found before the clock was set back. A known coin keeps its moment.
    const earlier = latest.filter(({ at }) => at <= now)
    const coins = new Map([...reported, ...earlier].map((coin) => [coin.digest, coin]))
    latest = [...coins.values()].toSorted((a, b) => b.at - a.at).slice(0, LATEST_COINS)
    return latest.map(({ digest, worker, at }) => ({ digest, worker: cutName(worker), at }))
  }
}
