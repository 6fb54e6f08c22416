import type { Coin, Report, UpstreamReport } from '@dockercoins/ledger'

import type { Answer } from './upstream.ts'

/** What one finished unit of work brought. */
export interface Unit {
  pauseMs: number
  bytes: Answer<Uint8Array>
  digest: Answer<string>
}

/** Units completed and not yet handed to the ledger. */
export interface Tally {
  hashes: number
  coins: Coin[]
  /** Both on unit boundaries, milliseconds since the epoch: the density between them is the true speed. */
  from: number
  to: number
  pauseMs: number
  rng: UpstreamReport
  hasher: UpstreamReport
}

/** More replicas than anybody runs; keeps a neighbour that makes up names from filling our memory. */
const MAX_REPLICAS = 1000

/** Nothing done yet, since `from`. */
export function emptyTally(from: number): Tally {
  return { hashes: 0, coins: [], from, to: from, pauseMs: 0, rng: emptyUpstream(), hasher: emptyUpstream() }
}

/** Counts a unit that ended at `now`. A coin is a digest that begins with 0. Gives whether it was one. */
export function countUnit(tally: Tally, { pauseMs, bytes, digest }: Unit, now: number): boolean {
  tally.hashes++
  tally.to = Math.max(tally.to, now)
  tally.pauseMs += pauseMs
  addAnswer(tally.rng, bytes)
  addAnswer(tally.hasher, digest)
  const isCoin = digest.value.startsWith('0')
  // A copy: the bytes are a part of an answer, which would be held as long as they are.
  if (isCoin) tally.coins.push({ digest: digest.value, bytes: new Uint8Array(bytes.value) })
  return isCoin
}

/** The tally as the worker's own account of where its time went. */
export function toReport(
  tally: Tally,
  worker: Pick<Report, 'worker' | 'hostname' | 'loops' | 'expiresAfterMs' | 'latestCoins'>,
): Report {
  const { from, to, hashes, pauseMs, rng, hasher } = tally
  return { ...worker, from, to, hashes, pauseMs, rng, hasher }
}

function emptyUpstream(): UpstreamReport {
  // The names come from outside, and `__proto__` is to be a name like any other.
  return {
    queueMs: 0,
    workMs: 0,
    networkMs: 0,
    concurrency: 0,
    replicas: Object.create(null) as Record<string, number>,
  }
}

function addAnswer(report: UpstreamReport, answer: Answer<unknown>): void {
  const { servedBy } = answer
  report.queueMs += answer.queueMs
  report.workMs += answer.workMs
  report.networkMs += answer.networkMs
  report.concurrency = answer.concurrency
  const known = Object.hasOwn(report.replicas, servedBy) || Object.keys(report.replicas).length < MAX_REPLICAS
  const name = known ? servedBy : 'others'
  report.replicas[name] = (report.replicas[name] ?? 0) + 1
}
