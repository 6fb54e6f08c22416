type Header = string | string[] | undefined

/** What the header Server-Timing contains: the time in the queue and the service time. */
export interface ServerTiming {
  queueMs: number
  workMs: number
  /** Requests that the replica serves at a time; 0 where it does not say. */
  concurrency: number
}

/**
 * Parses `queue;dur=629.1, work;dur=100.2, concurrency;desc=1` (Server Timing, W3C). A missing or
 * invalid part counts as 0. Together the times are at most `elapsedMs`, the time of the request.
 */
export function parseServerTiming(header: Header, elapsedMs: number): ServerTiming {
  const text = String(header ?? '')
  const queueMs = Math.min(elapsedMs, numberIn(text, /\bqueue;dur=(\d+\.?\d*)/))
  const workMs = Math.min(elapsedMs - queueMs, numberIn(text, /\bwork;dur=(\d+\.?\d*)/))
  return { queueMs, workMs, concurrency: Math.min(MAX_CONCURRENCY, numberIn(text, /\bconcurrency;desc=(\d+)/)) }
}

const MAX_CONCURRENCY = 1e9

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0)
}

const MIN_RETRY_AFTER_MS = 50
const MAX_RETRY_AFTER_MS = 30_000

/**
 * Milliseconds to wait, from Retry-After: seconds or a date (RFC 9110), within bounds, plus up to
 * half of it as jitter. Undefined for a missing or invalid header.
 */
export function parseRetryAfter(header: Header): number | undefined {
  const text = String(header ?? '').trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  if (Number.isNaN(ms)) return undefined
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, ms)) * (1 + Math.random() / 2)
}

/** The longest host name (RFC 1035). */
const MAX_NAME_LENGTH = 253

/** The name of the replica, from X-Served-By. */
export function parseServedBy(header: Header): string | undefined {
  return header === undefined ? undefined : String(header).slice(0, MAX_NAME_LENGTH)
}
