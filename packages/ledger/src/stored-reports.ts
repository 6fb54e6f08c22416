import * as v from 'valibot'

import type { Report } from './ledger.ts'

// What comes out of a store may have been written by another version, or by anybody: it is checked
// before it is believed. One absurd number must not hide a worker, so numbers are clamped and names
// are cut.

/** A DNS name is no longer (RFC 1035). */
const MAX_NAME = 253
/**
 * More names of replicas than this are not kept from one read of all reports, for rng and for
 * hasher.
 */
const MAX_NAMES = 10_000
/** Of the replicas that do not respond one report names no more than this. */
const MAX_NOT_RESPONDING = 100
/** The requests of replicas whose names are not kept count under this name. */
export const OTHERS = 'others'
const MAX_COINS = 8

const amount = v.fallback(between(0, 1e12), 0)
const moment = between(0, 8.64e15)
const name = v.pipe(v.string(), v.transform(cut))
const coin = v.object({ digest: v.pipe(v.string(), v.regex(/^0[0-9a-f]{63}$/)), at: moment })
// Validated by hand in `boundNames`, as there may be a million names.
const names = v.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null)
const upstream = v.object({
  queueMs: amount,
  workMs: amount,
  networkMs: amount,
  concurrency: amount,
  replicas: names,
  // A worker of an older version does not report it.
  notResponding: v.fallback(v.array(v.string()), []),
})
const report = v.object({
  worker: name,
  hostname: name,
  loops: amount,
  from: moment,
  to: moment,
  hashes: amount,
  // A worker that knows no entries does not report it.
  hashesPerUnit: v.fallback(between(1, 1e12), 1),
  expiresAfterMs: amount,
  pauseMs: amount,
  delayMs: amount,
  rng: upstream,
  hasher: upstream,
  latestCoins: v.fallback(v.pipe(v.array(coin), v.maxLength(MAX_COINS)), []),
})
const storedReport = v.pipe(v.string(), v.parseJson(), report)

/**
 * The reports among the texts; one that is not understood counts as none, so that it cannot hide
 * the others.
 */
export function parseReports(texts: Iterable<unknown>): Report[] {
  const room = { rng: MAX_NAMES, hasher: MAX_NAMES }
  const reports: Report[] = []
  for (const text of texts) {
    const { success, output } = v.safeParse(storedReport, text)
    if (success) reports.push({ ...output, rng: bound(output.rng, 'rng'), hasher: bound(output.hasher, 'hasher') })
  }
  return reports

  function bound(of: v.InferOutput<typeof upstream>, service: keyof typeof room): Report['rng'] {
    const notResponding = of.notResponding.slice(0, Math.min(MAX_NOT_RESPONDING, room[service])).map(cut)
    room[service] -= notResponding.length
    const replicas = boundNames(of.replicas, room[service])
    room[service] = Math.max(0, room[service] - Object.keys(replicas).length)
    return { ...of, replicas, notResponding }
  }
}

/** The same requests, under `most` names or a little more. */
function boundNames(replicas: Record<string, unknown>, most: number): Record<string, number> {
  const bounded = new Map<string, number>()
  for (const [replica, value] of Object.entries(replicas)) {
    const requests = v.parse(amount, value)
    const kept = bounded.size < most ? cut(replica) : OTHERS
    bounded.set(kept, (bounded.get(kept) ?? 0) + requests)
  }
  return Object.fromEntries(bounded)
}

function between(min: number, max: number) {
  return v.pipe(
    v.number(),
    v.transform((number) => Math.min(max, Math.max(min, number))),
  )
}

/** Copied, as a part of a text would keep all of it in memory. */
function cut(text: string): string {
  return text.length > MAX_NAME ? Buffer.from(text.slice(0, MAX_NAME)).toString() : text
}
