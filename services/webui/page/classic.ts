/** What GET /json says. */
export interface Totals {
  hashes: number
  now: number
}

/** The speed as the classic's page computed it, hashes a second: how far the counter moved between two looks at it. */
export function classicSpeed(before: Totals, after: Totals): number | undefined {
  const seconds = after.now - before.now
  return seconds > 0 ? (after.hashes - before.hashes) / seconds : undefined
}
