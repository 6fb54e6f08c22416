import type { Pipeline, Upstream } from './pipeline.ts'

/** 'none' where loops and replicas fit each other; 'machine' where the machine of the workers is too busy. */
export type Bottleneck = 'worker' | Upstream | 'none' | 'machine'

/** A service in whose queue loops spend less of their time than this does not hold them up. */
const MIN_QUEUE_SHARE = 0.2
/** A service that does not report its queue is the bottleneck when loops spend this part of their time on it. */
const MIN_UNTIMED_SHARE = 0.5
/** A pause this much longer than it is set to be, as a part and in milliseconds, is one of a busy machine. */
const LATE_PART = 0.15
const LATE_MS = 5
/** A verdict stays until the figure behind it is this much below what it took to give it, so that it does not flip. */
const HYSTERESIS = 0.8
/** One that is less busy than this has room for more loops. */
export const NEARLY_FULL = 0.9

/** Where loops wait long; where they do not, the loops themselves, as long as there is room for more of them. */
export function findBottleneck(pipeline: Pipeline, held: Bottleneck | undefined): Bottleneck {
  const { unitMs, delayMs, worker, rng, hasher, busiest } = pipeline
  const needed = (verdict: Bottleneck, threshold: number) => (held === verdict ? HYSTERESIS * threshold : threshold)

  const longest = rng.queueMs >= hasher.queueMs ? 'rng' : 'hasher'
  if (pipeline[longest].queueMs >= needed(longest, MIN_QUEUE_SHARE) * unitMs) return longest
  for (const name of ['rng', 'hasher'] as const) {
    const { timed, share } = pipeline[name]
    if (!timed && share >= needed(name, MIN_UNTIMED_SHARE)) return name
  }
  const lateMs = worker.workMs - delayMs
  if (delayMs > 0 && lateMs >= needed('machine', Math.max(LATE_MS, LATE_PART * delayMs))) return 'machine'
  return (pipeline[busiest].busy ?? 0) < needed('none', NEARLY_FULL) ? 'worker' : 'none'
}
