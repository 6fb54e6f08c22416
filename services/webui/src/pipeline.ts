import { OTHERS, type Report, type UpstreamReport } from '@dockercoins/ledger'

import { findBottleneck, type Bottleneck } from './bottleneck.ts'

/** One step that every unit of work takes. Times are means per request, in milliseconds. */
export interface Stage {
  /** How many are running. */
  count: number
  /** Names of those running, in order, MAX_NAMES at most. */
  replicas: string[]
  /** Names of those that a worker cannot reach and that answer no other worker, MAX_NAMES at most. */
  notResponding: string[]
  /** Requests per second of the workers that report; of the workers, units. */
  perSecond: number
  queueMs: number
  /** Of the workers, their own pause. */
  workMs: number
  networkMs: number
  /** Part of a loop's time, 0 to 1. */
  share: number
  /** Whether it reports how long requests wait and are served; a service without Server-Timing does not. */
  timed: boolean
  /** The most that all replicas together can do, per second; absent where nothing limits them. */
  limit?: number
  /** Part of the limit that is in use, 0 to 1; absent also where workers that do not report may use it. */
  busy?: number
}

export interface Pipeline {
  /** Units of work in flight at once, in all workers together. */
  loops: number
  /** Hashes that a unit of work makes, on average; 1 where no unit came to an end. */
  hashesPerUnit: number
  /** How long a unit takes, in milliseconds. */
  unitMs: number
  /** How long a pause is set to be, on average, in milliseconds; 0 where that is not known. */
  delayMs: number
  worker: Stage
  rng: Stage
  hasher: Stage
  /** Entries recorded in the ledger per second. */
  entriesPerSecond: number
  /** Hashes per second of workers that do not report; null where not known yet. */
  foreignSpeed: number | null
  /** Capacity: the speed that theory allows, hashes per second; 0 where no unit came to an end. */
  limit: number
  /** What to change to make it faster. Absent where no unit came to an end, or there is not enough evidence yet. */
  bottleneck?: Bottleneck
  /** The busier of the two that the workers call. */
  busiest: Upstream
}

export type Upstream = 'rng' | 'hasher'
export interface Replicas {
  running: string[]
  notResponding: string[]
}

/** A snapshot travels to every viewer each second, so that it does not name more replicas than this of a service. */
const MAX_NAMES = 100
/** Two measurements made at different moments do not differ by this factor. */
const IMPOSSIBLE = 1.2

export interface Evidence {
  /** The last report with work of every worker that is running. */
  reports: Report[]
  /** Seen recently. */
  replicas: Record<Upstream, Replicas>
  /** Hashes per second of workers that do not report; null where not known yet. */
  foreignSpeed: number | null
  /** The verdict before. */
  held?: Bottleneck | undefined
}

/**
 * Where the time of the loops goes. The limit is that of operational analysis (Denning and Buzen, 1978):
 * X ≤ min(N ⁄ (D + Z), Σ c ⁄ S), with N loops, D their time at work and on the network, Z their pause, and c requests at a
 * time of S each in every replica.
 */
export function describePipeline({ reports, replicas, foreignSpeed, held }: Evidence): Pipeline {
  const units = sum(reports, unitsOf)
  const mean = (total: number) => (units > 0 ? total / units : 0)
  const hashesPerUnit = units > 0 ? mean(sum(reports, (report) => report.hashes)) : 1
  const loops = sum(reports, (report) => report.loops)
  const perSecond = sum(reports, (report) => rate(report, unitsOf(report)))
  const pauseMs = mean(sum(reports, (report) => report.pauseMs))
  const isDelayKnown = reports.every(({ delayMs = 0 }) => delayMs > 0)
  const delayMs = isDelayKnown ? mean(sum(reports, (report) => (report.delayMs ?? 0) * unitsOf(report))) : 0
  const rng = describeUpstream(reports, 'rng', replicas.rng, !foreignSpeed)
  const hasher = describeUpstream(reports, 'hasher', replicas.hasher, !foreignSpeed)

  const unitMs = pauseMs + totalMs(rng) + totalMs(hasher)
  const unhinderedMs = unitMs - rng.queueMs - hasher.queueMs
  const loopsLimit = unhinderedMs > 0 ? (loops / unhinderedMs) * 1000 : 0
  const worker: Stage = {
    count: reports.length,
    replicas: firstNames(reports.map(({ hostname }) => hostname)),
    notResponding: [],
    perSecond,
    queueMs: 0,
    workMs: pauseMs,
    networkMs: 0,
    share: unitMs > 0 ? pauseMs / unitMs : 0,
    timed: true,
    limit: loopsLimit,
    busy: part(perSecond, loopsLimit),
  }
  for (const stage of [rng, hasher]) stage.share = unitMs > 0 ? totalMs(stage) / unitMs : 0

  // What other workers could do is not known: they do at least what they do now.
  const ofLoops = Math.max(loopsLimit, perSecond) * hashesPerUnit + (foreignSpeed ?? 0)
  const ofServices = Math.min(rng.limit ?? Infinity, hasher.limit ?? Infinity) * hashesPerUnit
  const pipeline: Pipeline = {
    loops,
    hashesPerUnit,
    unitMs,
    delayMs,
    worker,
    rng,
    hasher,
    entriesPerSecond: sum(reports, (report) => rate(report, 1)),
    foreignSpeed,
    limit: units > 0 ? Math.min(ofLoops, ofServices) : 0,
    busiest: (rng.busy ?? 0) >= (hasher.busy ?? 0) ? 'rng' : 'hasher',
  }
  if (units > 0) pipeline.bottleneck = findBottleneck(pipeline, held)
  return pipeline
}

function describeUpstream(reports: Report[], name: Upstream, replicas: Replicas, isOurs: boolean): Stage {
  const requests = sum(reports, (report) => requestsOf(report[name]))
  const mean = (time: 'queueMs' | 'workMs' | 'networkMs') =>
    requests > 0 ? sum(reports, (report) => report[name][time]) / requests : 0
  const concurrency = Math.max(0, ...reports.map((report) => report[name].concurrency))
  const stage: Stage = {
    count: replicas.running.length,
    replicas: firstNames(replicas.running),
    notResponding: firstNames(replicas.notResponding),
    perSecond: sum(reports, (report) => rate(report, requestsOf(report[name]))),
    queueMs: mean('queueMs'),
    workMs: mean('workMs'),
    networkMs: mean('networkMs'),
    share: 0,
    timed: concurrency > 0 || reports.some((report) => report[name].queueMs + report[name].workMs > 0),
  }
  const limit = stage.workMs > 0 ? (stage.count * concurrency * 1000) / stage.workMs : 0
  // Replicas that share a name look like one, which would do more than it can.
  if (limit > 0 && stage.perSecond < IMPOSSIBLE * limit) {
    // Measured at different moments, it may seem a little less than what is done.
    stage.limit = Math.max(limit, stage.perSecond)
    if (isOurs) stage.busy = part(stage.perSecond, limit)
  }
  return stage
}

function unitsOf({ hashes, hashesPerUnit }: Report): number {
  return hashes / hashesPerUnit
}

function requestsOf({ replicas }: UpstreamReport): number {
  return Object.values(replicas).reduce((all, requests) => all + requests, 0)
}

/** The names of replicas that answered. */
export function namesOf({ replicas }: UpstreamReport): string[] {
  return Object.keys(replicas).filter((name) => name !== OTHERS)
}

function totalMs({ queueMs, workMs, networkMs }: Stage): number {
  return queueMs + workMs + networkMs
}

/** `count` per second, over the time that the report covers. */
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

/** The first of the names, rng-2 before rng-10. */
function firstNames(names: string[]): string[] {
  return names.toSorted(collator.compare).slice(0, MAX_NAMES)
}

const collator = new Intl.Collator('en', { numeric: true })
