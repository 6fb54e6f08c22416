import { setTimeout as sleep } from 'node:timers/promises'

import { BATCH_S, compare, FEWEST_BATCHES, toBatches, type Comparison } from './compare.ts'

/** How often the web UI is asked, and how long its response may take. */
const POLL_MS = 1_000
const TIMEOUT_MS = 3_000
/** The web UI waits for a worker's report of a second for 10 s, and longer where its interval is long. */
const LONGEST_SETTLING_S = 15

/** Moments are in seconds since the epoch. */
export interface Watch {
  /** The web UI. */
  url: string
  /** When the update began: what is before it is the speed before. */
  updatedAt: number
  /** When the update was complete: from then on it is the speed after. */
  completedAt: number
  beforeS: number
  forS: number
  /** 0.2 is 20 %. */
  drop: number
}

/** What the watch found, and how many seconds after the update was complete. */
export interface Watched extends Required<Comparison> {
  seconds: number
}

/** Nothing can be said about the speed. The message is one line. */
export class NotKnown extends Error {
  override name = 'NotKnown'
}

/** What `GET /history` of the web UI responds (services/webui/src/api.ts). */
interface History {
  from: number
  speeds: (number | null)[]
}

/**
 * Reads the speed from the web UI until it tells whether the update made it fall, for `forS` at most.
 * Rejects with NotKnown when there is too little to compare.
 */
export async function watchSpeed({ url, updatedAt, completedAt, ...watch }: Watch): Promise<Watched> {
  const begin = Math.ceil(completedAt)
  const looks = Math.floor(watch.forS / BATCH_S) - FEWEST_BATCHES + 1
  let reason = ''
  for (let looked = FEWEST_BATCHES - 1; ; await sleep(POLL_MS)) {
    const now = Date.now() / 1000
    const wanted = Math.ceil(now - updatedAt) + watch.beforeS
    const history = await readHistory(url, wanted).catch((error: Error) => {
      reason = error.message
      return { from: now, speeds: [] } // perhaps it is being replaced just now
    })
    const between = (from: number, to: number) =>
      history.speeds.slice(Math.max(0, from - history.from), Math.max(0, to - history.from))
    const before = toBatches(between(Math.floor(updatedAt) - watch.beforeS, Math.floor(updatedAt)))
    const settled = between(begin, begin + watch.forS)
    const after = toBatches(settled)

    const isLast = settled.length === watch.forS || now > begin + watch.forS + LONGEST_SETTLING_S
    const isEnough = before.length >= FEWEST_BATCHES && after.length >= FEWEST_BATCHES
    if (isEnough && (after.length > looked || isLast)) {
      looked = after.length
      const { verdict, ...speeds } = compare(before, after, { drop: watch.drop, looks, isLast })
      if (verdict) return { ...speeds, verdict, seconds: Math.round(now - completedAt) }
    }
    if (isLast) throw new NotKnown(describeLack(before.length, after.length, reason))
  }
}

function describeLack(before: number, after: number, reason: string): string {
  const seconds = FEWEST_BATCHES * BATCH_S
  const got = `got ${before * BATCH_S} s and ${after * BATCH_S} s`
  return `expected at least ${seconds} s of known speed before and after the update, ${got}${reason && `: ${reason}`}`
}

async function readHistory(url: string, seconds: number): Promise<History> {
  const address = new URL(`history?seconds=${Math.min(seconds, 3600)}`, url.endsWith('/') ? url : `${url}/`)
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok) throw new Error(`${address.href} responds with ${response.status}`)
  return (await response.json()) as History
}
