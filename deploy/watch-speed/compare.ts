import { mean, permutationTest } from 'simple-statistics'

/**
 * How many seconds make one observation. A worker keeps a connection, and with it a replica, for
 * five seconds, so the speeds of neighbouring seconds depend on each other.
 */
export const BATCH_S = 5
/** Fewer batches than this prove nothing. */
export const FEWEST_BATCHES = 4
/** The most that one kind of wrong verdict may happen, over all looks together. */
const ERROR_RATE = 0.01

/**
 * Speeds in hashes per second. Without a verdict it is not clear yet. `isSure`: the test gave the
 * verdict.
 */
export interface Comparison {
  before: number
  after: number
  isSure: boolean
  verdict?: 'held' | 'fell'
}

/**
 * The mean speed of each whole batch of seconds. A batch with a second that is not known is left out.
 */
export function toBatches(speeds: (number | null)[]): number[] {
  const starts = Array.from({ length: Math.floor(speeds.length / BATCH_S) }, (_, index) => index * BATCH_S)
  return starts.flatMap((start) => {
    const known = speeds.slice(start, start + BATCH_S).filter((speed) => speed !== null)
    return known.length === BATCH_S ? [mean(known)] : []
  })
}

/**
 * Compares the batches after an update with those before it, where a fall by `drop` (0.2 is 20 %)
 * must be found. The border lies halfway: the speed fell when it is below `before × (1 − drop / 2)`.
 * Either verdict takes a permutation test (Fisher 1935; Good, "Permutation Tests") of the means on
 * that border, at the level that remains when the rate of errors is shared among all looks of
 * `forS` seconds, one for each batch (Bonferroni). It takes batches to be independent. The last look
 * decides by the means alone.
 */
export function compare(
  before: number[],
  after: number[],
  { drop, forS, isLast }: { drop: number; forS: number; isLast: boolean },
  random: () => number = Math.random,
): Comparison {
  const border = before.map((speed) => speed * (1 - drop / 2))
  const [meanBefore, meanAfter] = [mean(before), mean(after)]
  const verdict = meanAfter < mean(border) ? 'fell' : 'held'
  const looks = Math.floor(forS / BATCH_S) - FEWEST_BATCHES + 1
  const permutations = Math.ceil((3 * looks) / ERROR_RATE)
  const share = permutationTest(after, border, verdict === 'fell' ? 'less' : 'greater', permutations, random)
  // The order that was seen is one of them, so that no probability is 0 (Phipson and Smyth 2010).
  const p = (share * permutations + 1) / (permutations + 1)
  const isSure = p < ERROR_RATE / looks
  return { before: meanBefore, after: meanAfter, isSure, ...((isSure || isLast) && { verdict }) }
}
