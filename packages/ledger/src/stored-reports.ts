import * as v from 'valibot'

import type { Report } from './ledger.ts'

// A store may contain data of another version or another program. One absurd number must not hide
// a worker, so numbers are clamped and names are cut.

/** A DNS name is no longer (RFC 1035). */
const MAX_NAME = 253
/** Names of replicas that are kept of all reports together, for rng and for hasher. */
const MAX_NAMES = 10_000
/** Names of replicas that do not respond, in one report. */
const MAX_NOT_RESPONDING = 100
const MAX_COINS = 8
/** The requests of replicas whose names are not kept count under this name. */
export const OTHERS = 'others'

const MAX_AMOUNT = 1e12
const amount = v.fallback(between(0, MAX_AMOUNT), 0)
const moment = between(0, 8.64e15)
const name = v.pipe(v.string(), v.transform(cut))
const coin = v.object({ digest: v.pipe(v.string(), v.regex(/^0[0-9a-f]{63}$/)), at: moment })
const upstream = v.object({
  queueMs: amount,
  workMs: amount,
  networkMs: amount,
  concurrency: amount,
  // A worker of an older version does not report it.
  refused: amount,
  // Validated in `boundNames`, as there may be a million names.
  replicas: v.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null),
  // A worker of an older version does not report it.
  notResponding: v.fallback(v.array(v.string()), []),
  fault: v.fallback(v.optional(name), undefined),
})
const storedReport = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    worker: name,
    hostname: name,
    // A worker of version 0.1 does not report it.
    revision: v.fallback(name, 'unknown'),
    loops: amount,
    from: moment,
    to: moment,
    hashes: amount,
    // A worker of version 0.1 does not report it.
    hashesPerUnit: v.fallback(between(1, 1e12), 1),
    expiresAfterMs: amount,
    // A worker of an older version does not report it.
    isRepeated: v.fallback(v.optional(v.boolean()), undefined),
    pauseMs: amount,
    delayMs: amount,
    rng: upstream,
    hasher: upstream,
    latestCoins: v.fallback(v.pipe(v.array(coin), v.maxLength(MAX_COINS)), []),
  }),
)

/** The valid reports among the texts, which are a part, 0 to 1, of all that are kept. */
export function parseReports(texts: unknown[], part = 1): Report[] {
  const most = Math.ceil(part * MAX_NAMES)
  const room = { rng: most, hasher: most }
  return texts.flatMap((text) => {
    const { success, output } = v.safeParse(storedReport, text)
    return success ? [{ ...output, rng: bound(output.rng, 'rng'), hasher: bound(output.hasher, 'hasher') }] : []
  })

  function bound(of: v.InferOutput<typeof upstream>, service: keyof typeof room): Report['rng'] {
    const notResponding = of.notResponding.slice(0, Math.min(MAX_NOT_RESPONDING, room[service])).map(cut)
    const replicas = boundNames(of.replicas, room[service] - notResponding.length)
    room[service] = Math.max(0, room[service] - notResponding.length - Object.keys(replicas).length)
    return { ...of, replicas, notResponding }
  }
}

/** The same requests, under `most` names and perhaps `OTHERS`: the same object where nothing is cut. */
function boundNames(replicas: Record<string, unknown>, most: number): Record<string, number> {
  const entries = Object.entries(replicas)
  if (entries.length <= most && entries.every(isWithinBounds)) return replicas as Record<string, number>
  const bounded = new Map<string, number>()
  for (const [replica, requests] of entries) {
    const kept = bounded.size < most ? cut(replica) : OTHERS
    bounded.set(kept, (bounded.get(kept) ?? 0) + (typeof requests === 'number' ? clamp(requests, 0, MAX_AMOUNT) : 0))
  }
  return Object.fromEntries(bounded)
}

function isWithinBounds([replica, requests]: [string, unknown]): boolean {
  return replica.length <= MAX_NAME && typeof requests === 'number' && requests >= 0 && requests <= MAX_AMOUNT
}

function between(min: number, max: number) {
  return v.pipe(
    v.number(),
    v.transform((number: number) => clamp(number, min, max)),
  )
}

function clamp(number: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, number))
}

/** Copied, because a slice of a text keeps all of it in memory. */
function cut(text: string): string {
  return text.length > MAX_NAME ? Buffer.from(text.slice(0, MAX_NAME)).toString() : text
}
