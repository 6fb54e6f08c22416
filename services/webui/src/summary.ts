import { OTHERS, type Report, type UpstreamReport } from '@dockercoins/ledger'

import type { Upstream } from './api.ts'

/** The sums of some reports, and the names in them. */
export interface Summary {
  /** Each worker's hostname, and its hashes per second. */
  workers: Served[]
  /** How many workers have each revision, and their hashes per second. */
  revisions: Map<string, { workers: number; perSecond: number }>
  loops: number
  hashes: number
  /** Sum over all units of the pause that is set. Milliseconds. */
  delayMs: number
  /** Whether every worker reports its pause. */
  isDelayKnown: boolean
  entriesPerSecond: number
  worker: Sums
  rng: UpstreamSums
  hasher: UpstreamSums
}

/** A replica: how many requests it has served; for a worker, its hashes per second. */
export interface Served {
  name: string
  served: number
}

/** Sums over the requests of a stage; for the workers, over their units. Times are in milliseconds. */
export interface Sums {
  requests: number
  perSecond: number
  queueMs: number
  workMs: number
  networkMs: number
  refusedPerSecond: number
}

export interface UpstreamSums extends Sums {
  /** The highest that is reported; 0 if unknown. */
  concurrency: number
  /** The requests to which each replica responded. */
  replicas: Map<string, number>
  notResponding: Set<string>
  fault?: string | undefined
}

/** The summary of one report. */
export function summarize(report: Report): Summary {
  const { hostname, revision, loops, hashes, pauseMs, delayMs = 0 } = report
  const units = hashes / report.hashesPerUnit
  const perSecond = rate(report, hashes)
  return {
    workers: [{ name: hostname, served: perSecond }],
    revisions: new Map([[revision, { workers: 1, perSecond }]]),
    loops,
    hashes,
    delayMs: delayMs * units,
    isDelayKnown: delayMs > 0,
    entriesPerSecond: rate(report, 1),
    worker: { ...nothing, requests: units, perSecond: rate(report, units), workMs: pauseMs },
    rng: summarizeUpstream(report, report.rng),
    hasher: summarizeUpstream(report, report.hasher),
  }
}

function summarizeUpstream(report: Report, upstream: UpstreamReport): UpstreamSums {
  const { queueMs, workMs, networkMs, refused = 0, concurrency, fault } = upstream
  const replicas = new Map(Object.entries(upstream.replicas))
  const requests = replicas.values().reduce((total, each) => total + each, 0)
  replicas.delete(OTHERS)
  return {
    requests,
    perSecond: rate(report, requests),
    queueMs,
    workMs,
    networkMs,
    refusedPerSecond: rate(report, refused),
    concurrency,
    replicas,
    notResponding: new Set(upstream.notResponding),
    fault,
  }
}

/** The summary of all reports that the parts summarize. */
export function addUp(parts: Summary[]): Summary {
  const total: Summary = {
    workers: parts.flatMap(({ workers }) => workers),
    revisions: new Map(),
    loops: 0,
    hashes: 0,
    delayMs: 0,
    isDelayKnown: parts.every(({ isDelayKnown }) => isDelayKnown),
    entriesPerSecond: 0,
    worker: { ...nothing },
    rng: addUpUpstream(parts, 'rng'),
    hasher: addUpUpstream(parts, 'hasher'),
  }
  for (const part of parts) {
    total.loops += part.loops
    total.hashes += part.hashes
    total.delayMs += part.delayMs
    total.entriesPerSecond += part.entriesPerSecond
    addSums(total.worker, part.worker)
    part.revisions.forEach(({ workers, perSecond }, name) => {
      const before = total.revisions.get(name) ?? { workers: 0, perSecond: 0 }
      total.revisions.set(name, { workers: before.workers + workers, perSecond: before.perSecond + perSecond })
    })
  }
  return total
}

function addUpUpstream(parts: Summary[], name: Upstream): UpstreamSums {
  const total: UpstreamSums = {
    ...nothing,
    concurrency: 0,
    replicas: new Map(),
    notResponding: new Set(),
    fault: parts.find((part) => part[name].fault)?.[name].fault,
  }
  for (const { [name]: part } of parts) {
    addSums(total, part)
    total.concurrency = Math.max(total.concurrency, part.concurrency)
    // `for…of` makes objects for each entry of a Map: with 1,000 workers up to 0.6 MB per second.
    part.replicas.forEach((requests, replica) => {
      total.replicas.set(replica, (total.replicas.get(replica) ?? 0) + requests)
    })
    part.notResponding.forEach((replica) => total.notResponding.add(replica))
  }
  return total
}

const nothing: Sums = { requests: 0, perSecond: 0, queueMs: 0, workMs: 0, networkMs: 0, refusedPerSecond: 0 }

function addSums(total: Sums, part: Sums): void {
  total.requests += part.requests
  total.perSecond += part.perSecond
  total.queueMs += part.queueMs
  total.workMs += part.workMs
  total.networkMs += part.networkMs
  total.refusedPerSecond += part.refusedPerSecond
}

/** `count` per second, over the time that the report covers. */
function rate({ from, to }: Report, count: number): number {
  return ratio(count * 1000, to - from)
}

/** 0 where there is nothing to divide by. */
export function ratio(some: number, all: number): number {
  const quotient = some / all
  return all > 0 && Number.isFinite(quotient) ? quotient : 0
}
