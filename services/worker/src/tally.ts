import type { Coin, Report, UpstreamReport } from '@dockercoins/ledger'

import type { Answer } from './upstream/upstream.ts'

/** Random bytes that make one hash. */
export const HASH_BYTES = 32
export const DIGEST_LENGTH = 64
/** 64 hexadecimal digits, and the newline between two digests. */
export const LINE_LENGTH = DIGEST_LENGTH + 1
export const ZERO = '0'.charCodeAt(0)

/** What one finished unit of work brought: one hash, or several where it is a batch. */
export interface Unit {
  pauseMs: number
  /** HASH_BYTES for each hash. */
  bytes: Answer<Uint8Array>
  /** Their digests in the same order, a line of text each. */
  digests: Answer<Buffer>
}

/** Units completed and not yet handed to the ledger. */
export interface Tally {
  hashes: number
  coins: Coin[]
  /** Both on unit boundaries, milliseconds since the epoch: the density between them is the true speed. */
  from: number
  to: number
  pauseMs: number
  rng: UpstreamTally
  hasher: UpstreamTally
}

interface UpstreamTally extends Omit<UpstreamReport, 'replicas' | 'notResponding'> {
  /** Answers of each. */
  replicas: Map<string, number>
}

/** More replicas than one service has; keeps a neighbour that makes up names from filling our memory. */
const MAX_REPLICAS = 200

/** Nothing done yet, since `from`. */
export function emptyTally(from: number): Tally {
  return { hashes: 0, coins: [], from, to: from, pauseMs: 0, rng: emptyUpstream(), hasher: emptyUpstream() }
}

/** Counts a unit that ended at `now`, and gives the coins in it: the digests that begin with 0. */
export function countUnit(tally: Tally, unit: Unit, now: number): Coin[] {
  tally.hashes += hashesIn(unit)
  tally.to = Math.max(tally.to, now)
  tally.pauseMs += unit.pauseMs
  addAnswer(tally.rng, unit.bytes)
  addAnswer(tally.hasher, unit.digests)
  const coins = coinsIn(unit)
  tally.coins.push(...coins)
  return coins
}

/** How many hashes a unit brought. */
export function hashesIn({ bytes }: Unit): number {
  return bytes.value.length / HASH_BYTES
}

function coinsIn({ bytes, digests }: Unit): Coin[] {
  const coins: Coin[] = []
  for (let index = 0; index * HASH_BYTES < bytes.value.length; index++) {
    const line = index * LINE_LENGTH
    if (digests.value[line] !== ZERO) continue
    // Copies: a part of an answer would hold all of it for as long as the coin is kept.
    const found = new Uint8Array(bytes.value.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES))
    coins.push({ digest: digests.value.toString('latin1', line, line + DIGEST_LENGTH), bytes: found })
  }
  return coins
}

/** The names of the replicas that do not respond now, by upstream. */
export interface NotResponding {
  rng: string[]
  hasher: string[]
}

/** The tally as the worker's own account of where its time went. */
export function toReport(
  tally: Tally,
  notResponding: NotResponding,
  worker: Pick<
    Report,
    'worker' | 'hostname' | 'loops' | 'hashesPerUnit' | 'delayMs' | 'expiresAfterMs' | 'latestCoins'
  >,
): Report {
  const { from, to, hashes, pauseMs, rng, hasher } = tally
  return {
    ...worker,
    from,
    to,
    hashes,
    pauseMs,
    rng: toUpstreamReport(rng, notResponding.rng),
    hasher: toUpstreamReport(hasher, notResponding.hasher),
  }
}

function toUpstreamReport(upstream: UpstreamTally, notResponding: string[]): UpstreamReport {
  return {
    ...upstream,
    replicas: Object.fromEntries(upstream.replicas),
    notResponding: notResponding.slice(0, MAX_REPLICAS),
  }
}

function emptyUpstream(): UpstreamTally {
  return { queueMs: 0, workMs: 0, networkMs: 0, concurrency: 0, replicas: new Map() }
}

function addAnswer(upstream: UpstreamTally, answer: Answer<unknown>): void {
  const { replicas } = upstream
  upstream.queueMs += answer.queueMs
  upstream.workMs += answer.workMs
  upstream.networkMs += answer.networkMs
  upstream.concurrency = answer.concurrency
  const isRoom = replicas.size < MAX_REPLICAS || replicas.has(answer.servedBy)
  const name = isRoom ? answer.servedBy : 'others'
  replicas.set(name, (replicas.get(name) ?? 0) + 1)
}
