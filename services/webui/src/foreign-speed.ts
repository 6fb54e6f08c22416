import type { Totals } from '@dockercoins/ledger'

/** The speed is the mean over this time, as the classic's worker moves the counter once a second by several hashes. Milliseconds. */
const WINDOW_MS = 5_000
/** Before this much time is covered, nothing is known. Milliseconds. */
const MIN_MS = 2_500

/**
 * Measures how fast workers that record no entries move the counter, from one read of the totals to the next: hashes per
 * second, null while that is not known. `now` is in milliseconds, by a clock that nobody sets.
 */
export function createForeignSpeed(): (totals: Totals, now: number) => number | null {
  let samples: { at: number; hashes: number }[] = []

  return ({ hashes, recorded }, now) => {
    const newest = { at: now, hashes: hashes - recorded }
    // Somebody emptied the ledger, or set the counter back.
    if (newest.hashes < (samples.at(-1)?.hashes ?? 0)) samples = []
    samples.push(newest)
    // One sample from before the window stays, so that the window is covered.
    while (samples[1] && samples[1].at <= now - WINDOW_MS) samples.shift()
    const oldest = samples[0] ?? newest
    const seconds = (newest.at - oldest.at) / 1000
    return seconds * 1000 >= MIN_MS ? (newest.hashes - oldest.hashes) / seconds : null
  }
}
