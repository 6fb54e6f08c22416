type Header = string | string[] | undefined

const MIN_RETRY_AFTER_MS = 50
const MAX_RETRY_AFTER_MS = 30_000

/**
 * Milliseconds to wait, from Retry-After: seconds or a date (RFC 9110), within bounds, plus up to
 * half of it as jitter. Undefined for a missing or invalid header.
 */
export function parseRetryAfter(header: Header): number | undefined {
  const text = String(header ?? '').trim()
  // A date begins with the name of a day: Date.parse takes "1.5" for one.
  const date = /^[a-z]/i.test(text) ? Date.parse(text) : NaN
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : date - Date.now()
  if (Number.isNaN(ms)) return undefined
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, ms)) * (1 + Math.random() / 2)
}

/** The longest host name (RFC 1035). */
const MAX_NAME_LENGTH = 253

/** The name of the replica, from X-Served-By. */
export function parseServedBy(header: Header): string | undefined {
  return header === undefined ? undefined : String(header).slice(0, MAX_NAME_LENGTH)
}
