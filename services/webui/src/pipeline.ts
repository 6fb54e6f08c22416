import type { Report, UpstreamReport } from '@dockercoins/ledger'

/** One step that every unit of work takes. Times are means per request, in milliseconds. */
export interface Stage {
  /** Names of those alive, in order. */
  replicas: string[]
  /** Requests a second; of the workers, units. */
  perSecond: number
  queueMs: number
  /** Of the workers, their own pause. */
  workMs: number
  networkMs: number
  /** Part of a loop's time, 0 to 1. */
  share: number
  /** The most that all replicas together can do, a second; absent where nothing limits them. */
  limit?: number
  /** Part of the limit that is in use, 0 to 1. */
  busy?: number
}

export interface Pipeline {
  /** Units of work in flight at once, in all workers together. */
  loops: number
  /** Hashes that a unit of work makes, on average; 1 where no unit came to an end. */
  hashesPerUnit: number
  /** How long a unit takes, in milliseconds. */
  unitMs: number
  worker: Stage
  rng: Stage
  hasher: Stage
  /** Batches that reach the ledger a second. */
  batchesPerSecond: number
  /** The speed that theory allows, hashes a second; 0 where no unit came to an end. */
  limit: number
  /** What alone makes it no faster; 'none' where loops and replicas fit each other. Absent where no unit came to an end. */
  bottleneck?: 'worker' | Upstream | 'none'
  /** The busier of the two that the workers call. */
  busiest: Upstream
}

export type Upstream = 'rng' | 'hasher'

/** A service in whose line loops spend less of their time than this does not hold them up. */
const MIN_QUEUE_SHARE = 0.2
/** Two measurements made at different moments do not differ by so much. */
const IMPOSSIBLE = 1.2
/** One that is less busy than this has room for more loops. */
const NEARLY_FULL = 0.9

/**
 * Where the time of the loops goes, from the last report of every worker alive and the replicas seen lately.
 * The limit is that of operational analysis (Denning and Buzen, 1978): X ≤ min(N ⁄ (D + Z), Σ c ⁄ S), with N loops, D their
 * time at work and on the network, Z their pause, and c requests at a time of S each in every replica.
 */
export function describePipeline(reports: Report[], replicas: Record<Upstream, string[]>): Pipeline {
  const units = sum(reports, unitsOf)
  const hashesPerUnit = units > 0 ? sum(reports, (report) => report.hashes) / units : 1
  const loops = sum(reports, (report) => report.loops)
  const perSecond = sum(reports, (report) => rate(report, unitsOf(report)))
  const pauseMs = units > 0 ? sum(reports, (report) => report.pauseMs) / units : 0
  const rng = describeUpstream(reports, 'rng', replicas.rng)
  const hasher = describeUpstream(reports, 'hasher', replicas.hasher)

  const unitMs = pauseMs + totalMs(rng) + totalMs(hasher)
  const unhinderedMs = unitMs - rng.queueMs - hasher.queueMs
  const loopsLimit = unhinderedMs > 0 ? (loops / unhinderedMs) * 1000 : 0
  const worker: Stage = {
    replicas: reports.map(({ hostname }) => hostname).toSorted(byName),
    perSecond,
    queueMs: 0,
    workMs: pauseMs,
    networkMs: 0,
    share: unitMs > 0 ? pauseMs / unitMs : 0,
    limit: loopsLimit,
    busy: part(perSecond, loopsLimit),
  }
  for (const stage of [rng, hasher]) stage.share = unitMs > 0 ? totalMs(stage) / unitMs : 0

  const unitsLimit = Math.min(Math.max(loopsLimit, perSecond), rng.limit ?? Infinity, hasher.limit ?? Infinity)
  const limit = unitsLimit * hashesPerUnit
  const batchesPerSecond = sum(reports, (report) => rate(report, 1))
  const busiest = (rng.busy ?? 0) >= (hasher.busy ?? 0) ? 'rng' : 'hasher'
  const pipeline: Pipeline = { loops, hashesPerUnit, unitMs, worker, rng, hasher, batchesPerSecond, limit, busiest }
  if (units > 0) pipeline.bottleneck = findBottleneck(pipeline)
  return pipeline
}

/** Where loops wait long; where they do not, the loops themselves, as long as there is room for more of them. */
function findBottleneck(pipeline: Pipeline): 'worker' | Upstream | 'none' {
  const { unitMs, rng, hasher, busiest } = pipeline
  const longest = rng.queueMs >= hasher.queueMs ? 'rng' : 'hasher'
  if (pipeline[longest].queueMs >= MIN_QUEUE_SHARE * unitMs) return longest
  return (pipeline[busiest].busy ?? 0) < NEARLY_FULL ? 'worker' : 'none'
}

function describeUpstream(reports: Report[], name: Upstream, replicas: string[]): Stage {
  const requests = sum(reports, (report) => requestsOf(report[name]))
  const mean = (time: 'queueMs' | 'workMs' | 'networkMs') =>
    requests > 0 ? sum(reports, (report) => report[name][time]) / requests : 0
  const stage: Stage = {
    replicas: replicas.toSorted(byName),
    perSecond: sum(reports, (report) => rate(report, requestsOf(report[name]))),
    queueMs: mean('queueMs'),
    workMs: mean('workMs'),
    networkMs: mean('networkMs'),
    share: 0,
  }
  const concurrency = Math.max(0, ...reports.map((report) => report[name].concurrency))
  const limit = stage.workMs > 0 ? (replicas.length * concurrency * 1000) / stage.workMs : 0
  // Replicas that share a name look like one, which would do more than it can.
  if (limit > 0 && stage.perSecond < IMPOSSIBLE * limit) {
    // Measured at different moments, it may seem a little less than what is done.
    stage.limit = Math.max(limit, stage.perSecond)
    stage.busy = part(stage.perSecond, limit)
  }
  return stage
}

function unitsOf({ hashes, hashesPerUnit }: Report): number {
  return hashes / hashesPerUnit
}

function requestsOf({ replicas }: UpstreamReport): number {
  return Object.values(replicas).reduce((all, requests) => all + requests, 0)
}

function totalMs({ queueMs, workMs, networkMs }: Stage): number {
  return queueMs + workMs + networkMs
}

/** `count` a second, over the time that the report covers. */
function rate({ from, to }: Report, count: number): number {
  return to > from ? (count * 1000) / (to - from) : 0
}

/** Two measurements that are made at different moments may differ a little; no part is more than the whole. */
function part(some: number, all: number): number {
  return all > 0 ? Math.min(1, some / all) : 0
}

function sum(reports: Report[], of: (report: Report) => number): number {
  return reports.reduce((total, report) => total + of(report), 0)
}

/** rng-2 before rng-10. */
function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
