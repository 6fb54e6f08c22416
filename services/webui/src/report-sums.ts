import type { Report, UpstreamReport } from '@dockercoins/ledger'

import type { Upstream } from './api.ts'

/** What a report adds to a stage. */
export interface Sums {
  requests: number
  perSecond: number
  queueMs: number
  workMs: number
  networkMs: number
  refusedPerSecond: number
}

export interface ReportSums extends Record<'worker' | Upstream, Sums> {
  units: number
  hashesPerSecond: number
  /** The requests to which each replica responded. */
  replicas: Record<Upstream, [name: string, requests: number][]>
}

/** All stages of a snapshot need the sums of a report, so it is added up once. */
const known = new WeakMap<Report, ReportSums>()

/** The sums of a report, which must not change afterwards. */
export function sumsOf(report: Report): ReportSums {
  let sums = known.get(report)
  if (!sums) known.set(report, (sums = addUp(report)))
  return sums
}

function addUp(report: Report): ReportSums {
  const units = report.hashes / report.hashesPerUnit
  const replicas = { rng: Object.entries(report.rng.replicas), hasher: Object.entries(report.hasher.replicas) }
  const upstream = (name: Upstream): Sums => {
    const { queueMs, workMs, networkMs, refused = 0 }: UpstreamReport = report[name]
    const requests = replicas[name].reduce((total, [, each]) => total + each, 0)
    const refusedPerSecond = rate(report, refused)
    return { requests, perSecond: rate(report, requests), queueMs, workMs, networkMs, refusedPerSecond }
  }
  return {
    units,
    hashesPerSecond: rate(report, report.hashes),
    replicas,
    worker: {
      requests: units,
      perSecond: rate(report, units),
      queueMs: 0,
      workMs: report.pauseMs,
      networkMs: 0,
      refusedPerSecond: 0,
    },
    rng: upstream('rng'),
    hasher: upstream('hasher'),
  }
}

/** `count` per second, over the time that the report covers. */
export function rate({ from, to }: Report, count: number): number {
  return ratio(count * 1000, to - from)
}

/** 0 where there is nothing to divide by. */
export function ratio(some: number, all: number): number {
  const quotient = some / all
  return all > 0 && Number.isFinite(quotient) ? quotient : 0
}
