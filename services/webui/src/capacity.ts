import type { Pipeline } from './pipeline.ts'

/** The mean is over this many snapshots, one per second. */
const SAMPLES = 10

/**
 * Smooths the capacity for as long as the same loops and replicas run: it moves in steps, when something is scaled. Null
 * where none is known.
 */
export function createCapacity(): (pipeline: Pipeline) => number | null {
  let setup = ''
  let samples: number[] = []

  return ({ loops, worker, rng, hasher, limit }) => {
    const next = [worker.count, loops, rng.count, hasher.count].join()
    if (next !== setup) samples = []
    setup = next
    if (limit === 0) return null
    samples = [...samples.slice(1 - SAMPLES), limit]
    return samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  }
}
