import type { Coin, Report, UpstreamReport } from '@dockercoins/ledger'

import type { Health, UpstreamResponse } from './upstream/upstream.ts'

/** A finished unit of work: how many hashes, its coins, and where its time went. */
export interface Unit {
  hashes: number
  pauseMs: number
  rng: UpstreamResponse<unknown>
  hasher: UpstreamResponse<Coin[]>
}

/** The units since the last entry. `from` and `to` are moments at which a unit ended. */
export interface Tally extends Pick<Report, 'hashes' | 'from' | 'to' | 'pauseMs'> {
  coins: Coin[]
  rng: UpstreamTally
  hasher: UpstreamTally
}

interface UpstreamTally extends Required<Omit<UpstreamReport, 'replicas' | keyof Health>> {
  /** Responses of each replica. */
  replicas: Map<string, number>
}

/**
 * While no other unit ends, the last ones show where time goes for this many times as long as one
 * took, and for so many milliseconds.
 */
const UNITS = 3
const STALLED_MS = 1_500
/** Bounds the memory that an upstream can fill with invented names. */
const MAX_REPLICAS = 200

export function emptyTally(from: number): Tally {
  return { hashes: 0, coins: [], from, to: from, pauseMs: 0, rng: emptyUpstream(), hasher: emptyUpstream() }
}

function emptyUpstream(): UpstreamTally {
  return { queueMs: 0, workMs: 0, networkMs: 0, concurrency: 0, refused: 0, replicas: new Map() }
}

/** Counts a unit that ended at `now`. */
export function countUnit(tally: Tally, unit: Unit, now: number): void {
  tally.hashes += unit.hashes
  tally.coins.push(...unit.hasher.value)
  tally.to = Math.max(tally.to, now)
  tally.pauseMs += unit.pauseMs
  countResponse(tally.rng, unit.rng)
  countResponse(tally.hasher, unit.hasher)
}

function countResponse(tally: UpstreamTally, response: UpstreamResponse<unknown>): void {
  const { replicas } = tally
  tally.queueMs += response.queueMs
  tally.workMs += response.workMs
  tally.networkMs += response.networkMs
  tally.refused += response.refused
  tally.concurrency = response.concurrency
  const isNamed = replicas.size < MAX_REPLICAS || replicas.has(response.servedBy)
  const name = isNamed ? response.servedBy : 'others'
  replicas.set(name, (replicas.get(name) ?? 0) + 1)
}

/** For how many milliseconds the figures of a tally are repeated while no other unit ends. */
export function shownForMs({ hashes, pauseMs, rng, hasher }: Tally, hashesPerUnit: number): number {
  const unitMs = ((pauseMs + totalMs(rng) + totalMs(hasher)) * hashesPerUnit) / hashes
  return Math.max(STALLED_MS, UNITS * unitMs)
}

function totalMs({ queueMs, workMs, networkMs }: UpstreamTally): number {
  return queueMs + workMs + networkMs
}

/** The report of a tally, beside what the worker reports of itself. */
export function toReport(
  tally: Tally,
  health: Record<'rng' | 'hasher', Health>,
  self: Omit<Report, keyof Tally>,
): Report {
  const { coins: _, rng, hasher, ...sums } = tally
  return { ...self, ...sums, rng: toUpstreamReport(rng, health.rng), hasher: toUpstreamReport(hasher, health.hasher) }
}

function toUpstreamReport(tally: UpstreamTally, health: Health): UpstreamReport {
  const notResponding = health.notResponding.slice(0, MAX_REPLICAS)
  return { ...tally, replicas: Object.fromEntries(tally.replicas), ...health, notResponding }
}
