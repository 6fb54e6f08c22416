const SHORTEST_MS = 50
const LONGEST_MS = 30_000

/**
 * Milliseconds to wait as `Retry-After` says, in seconds or as a date (RFC 9110), and up to half as much again so that not
 * all return at once. Undefined where it says neither.
 */
export function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? '').trim()
  const toldMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  if (Number.isNaN(toldMs)) return undefined
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, toldMs)) * (1 + Math.random() / 2)
}
