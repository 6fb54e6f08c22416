import type { Pipeline } from './api.ts'

/** The classic's worker moves the counter once per second by several hashes. Milliseconds. */
const FOREIGN_WINDOW_MS = 5_000
/** The speed is not known before this much time is covered. Milliseconds. */
const FOREIGN_MIN_MS = 2_500
/** The capacity is the median of this many snapshots, one per second. */
const CAPACITY_SAMPLES = 10
/** Reports of before and after a change are mixed in this many snapshots: it is not known then. */
const UNSETTLED_SAMPLES = 3

/**
 * Measures how fast workers that record no entries move the counter: hashes per second, null while
 * not known. `hashes` are those in no entry, and `now` is in milliseconds by the monotonic clock.
 */
export function createForeignSpeed(): (hashes: number, now: number) => number | null {
  let samples: { at: number; hashes: number }[] = []

  return (hashes, now) => {
    // The ledger was emptied, or its counter was set back.
    if (hashes < (samples.at(-1)?.hashes ?? 0)) samples = []
    samples.push({ at: now, hashes })
    // One sample from before the window stays, so that the window is covered.
    while (samples[1] && samples[1].at <= now - FOREIGN_WINDOW_MS) samples.shift()
    const [oldest = { at: now, hashes }] = samples
    const coveredMs = now - oldest.at
    return coveredMs >= FOREIGN_MIN_MS ? ((hashes - oldest.hashes) / coveredMs) * 1000 : null
  }
}

/** Smooths the capacity while the same loops and replicas run. Scaling moves it in a step. */
export function createCapacity(): (pipeline: Pipeline) => number | null {
  let setup = ''
  let samples: number[] = []
  let unsettled = 0

  return ({ loops, worker, rng, hasher, capacity }) => {
    const next = [worker.count, loops, rng.count, hasher.count].join()
    if (next !== setup) {
      samples = []
      unsettled = UNSETTLED_SAMPLES
    }
    setup = next
    if (capacity === null || unsettled-- > 0) return null
    samples = [...samples.slice(1 - CAPACITY_SAMPLES), capacity]
    return median(samples)
  }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = 0, high = low] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return (low + high) / 2
}
