/** Speeds are stored in millionths of a hash: integers, so that shares add up exactly. */
export const MILLIONTHS = 1_000_000

/** How far back the measured speed is drawn, in seconds. */
export const HISTORY_S = 3600

/** The share of an entry that falls into one second since the epoch. */
export interface Share {
  second: number
  millionths: number
}

/**
 * Spreads an entry evenly over the seconds that it covers; the shares add up to exactly its hashes.
 * An entry that covers no time (a clock was set back) counts in the second of its end. In an entry
 * longer than an hour (after a long outage) the older part goes into the second of its beginning,
 * outside the graph. An entry has at most 3602 shares.
 */
export function spread({ hashes, from, to }: { hashes: number; from: number; to: number }): Share[] {
  const total = hashes * MILLIONTHS
  const shares: Share[] = []
  let given = 0
  const giveUntil = (end: number, second: number) => {
    // Rounding what is given in all, not each share, is what makes the sum exact.
    const due = end >= to ? total : Math.round(total * ((end - from) / (to - from)))
    if (due > given) shares.push({ second, millionths: due - given })
    given = due
  }

  const last = Math.floor(to / 1000)
  const first = Math.min(Math.floor(from / 1000), last)
  const oldest = Math.max(first, last - HISTORY_S)
  if (first < oldest) giveUntil(oldest * 1000, first)
  for (let second = oldest; second <= last; second++) giveUntil((second + 1) * 1000, second)
  return shares
}
