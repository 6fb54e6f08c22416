import { setTimeout as sleep } from 'node:timers/promises'

import { BATCH_S, compare, FEWEST_BATCHES, toBatches, type Comparison } from './compare.ts'

/** How often the web UI is asked, and how long its response may take. */
const POLL_MS = 1_000
const TIMEOUT_MS = 3_000
/**
 * The web UI waits for a worker's report of a second for 10 s, and longer where its interval is long.
 */
const LONGEST_SETTLING_S = 15
const LONGEST_HISTORY_S = 3_600
/** An hour of history has a third of it. */
const MAX_BODY = 1_048_576
/** More than any machine makes. */
const MAX_SPEED = 1e9
/** Clocks that are further apart would compare other seconds than those of the update. */
const MAX_SKEW_S = 5

/** Moments are in seconds since the epoch. */
export interface Watch {
  /** The web UI. */
  url: URL
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
 * Reads the speed from the web UI until it is clear whether the update made it fall, for `forS` at
 * most. Rejects with NotKnown when there is too little to compare.
 */
export async function watchSpeed({ url, updatedAt, completedAt, ...watch }: Watch): Promise<Watched> {
  const begin = Math.ceil(completedAt)
  let reason = ''
  for (let looked = FEWEST_BATCHES - 1; ; await sleep(POLL_MS)) {
    const now = Date.now() / 1000
    const wanted = Math.ceil(now - updatedAt) + watch.beforeS
    const history = await readHistory(url, wanted).catch((error: Error) => {
      if (error instanceof NotKnown) throw error
      reason = error.message
      return undefined // perhaps it is being replaced just now
    })
    if (history) reason = ''
    const between = (from: number, to: number) => (history ? slice(history, from, to) : [])
    const before = toBatches(between(Math.floor(updatedAt) - watch.beforeS, Math.floor(updatedAt)))
    const settled = between(begin, begin + watch.forS)
    const after = toBatches(settled)

    const isLast = settled.length === watch.forS || now > begin + watch.forS + LONGEST_SETTLING_S
    const isEnough = before.length >= FEWEST_BATCHES && after.length >= FEWEST_BATCHES
    if (isEnough && (after.length > looked || isLast)) {
      looked = after.length
      const { verdict, ...rest } = compare(before, after, { ...watch, isLast })
      if (rest.before === 0) throw new NotKnown('expected hashes before the update, got none: start workers first')
      if (verdict) return { ...rest, verdict, seconds: Math.round(now - completedAt) }
    }
    if (isLast) throw new NotKnown(describeLack(before.length, after.length, reason))
  }
}

function slice({ from, speeds }: History, begin: number, end: number): (number | null)[] {
  return speeds.slice(Math.max(0, begin - from), Math.max(0, end - from))
}

function describeLack(before: number, after: number, reason: string): string {
  const expected = `expected ${FEWEST_BATCHES} times ${BATCH_S} s of known speed before and after the update`
  return `${expected}, got ${before} and ${after}${reason && `: ${reason}`}`
}

async function readHistory(url: URL, seconds: number): Promise<History> {
  const address = new URL(url)
  address.pathname = `${url.pathname.replace(/\/$/, '')}/history`
  address.search = `?seconds=${seconds}`
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause.message : error.message
    throw new Error(`${address.href} does not respond: ${cause}`)
  })
  if (!response.ok) throw new Error(`${address.href} responds with ${response.status}`)
  const now = Date.now() / 1000
  const history = parseHistory(await readText(response), address)
  const date = Date.parse(response.headers.get('date') ?? '') / 1000
  // Without the header, seconds that are still to come show a clock that is ahead.
  const skew = Number.isNaN(date) ? Math.max(0, history.from + history.speeds.length - now) : date - now
  if (Math.abs(skew) > MAX_SKEW_S) {
    const got = `${Math.abs(skew).toFixed(0)} s ${skew > 0 ? 'ahead' : 'behind'}`
    throw new NotKnown(`expected the clock of the web UI to agree with that of this machine, got ${got}: set both`)
  }
  return history
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > MAX_BODY) throw new Error(`expected at most ${MAX_BODY} bytes of ${response.url}, got more`)
  }
  return text
}

function isSpeed(speed: unknown): speed is number | null {
  return speed === null || (typeof speed === 'number' && speed >= 0 && speed <= MAX_SPEED)
}

function parseHistory(text: string, { href }: URL): History {
  try {
    const { from, speeds } = JSON.parse(text) as History
    const isHistory = Number.isSafeInteger(from) && speeds.length <= LONGEST_HISTORY_S && speeds.every(isSpeed)
    if (isHistory) return { from, speeds }
  } catch {
    // Not JSON, or not an object with a list.
  }
  throw new Error(`expected a history of ${href}, got ${JSON.stringify(text.slice(0, 60))}`)
}
