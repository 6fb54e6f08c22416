import type { Report } from '@dockercoins/ledger'

import type { Advice } from './advice.ts'
import type { Bottleneck } from './bottleneck.ts'
import type { Pipeline } from './pipeline.ts'

/** A verdict is given, and replaced by another, once the evidence has been the same for this long. Milliseconds. */
const CONFIRM_MS = 3_000
/** After an outage the reports of workers that were running are waited for, but not longer than this. Milliseconds. */
const LONGEST_WAIT_MS = 15_000

export interface Verdicts {
  /** The verdict that stands. */
  held(): Bottleneck | undefined
  /** The ledger could not be read. */
  lost(): void
  /** The verdict on what was read at `now`, and advice on it. `advise` is called on a pipeline whose verdict stands. */
  judge(
    pipeline: Pipeline,
    running: Report[],
    now: number,
    advise: () => Advice,
  ): { bottleneck?: Bottleneck; advice: Advice }
}

/** Gives a verdict on evidence only: when all have reported, and not back and forth. */
export function createVerdicts(): Verdicts {
  /** The newest report of each worker that was running, by its end. */
  let before = new Map<string, number>()
  let outage: { workers: Map<string, number>; endedAt?: number } | undefined
  let standing: { bottleneck: Bottleneck; advice: Advice } | undefined
  let candidate: { bottleneck: Bottleneck; since: number } | undefined

  /** How many workers that were running before an outage have reported since, of how many; undefined where none are missing. */
  function missing(running: Report[], now: number): { reported: number; of: number } | undefined {
    before = new Map(running.map(({ worker, to }) => [worker, to]))
    if (!outage) return undefined
    outage.endedAt ??= now
    const of = outage.workers.size
    const reported = [...outage.workers].filter(([worker, to]) => (before.get(worker) ?? to) !== to).length
    if (reported < of && now - outage.endedAt < LONGEST_WAIT_MS) return { reported, of }
    outage = undefined
    return undefined
  }

  return {
    held: () => standing?.bottleneck,
    lost() {
      outage ??= { workers: before }
      delete outage.endedAt
      standing = candidate = undefined
    },
    judge(pipeline, running, now, advise) {
      const waiting = missing(running, now)
      if (waiting) {
        const { reported, of } = waiting
        const text = `Waiting for reports: ${reported} of the ${of} workers that were running have reported since the ledger was lost.`
        return { advice: { text } }
      }
      const { bottleneck } = pipeline
      if (bottleneck === undefined) {
        standing = candidate = undefined
        return { advice: advise() }
      }
      if (candidate?.bottleneck !== bottleneck) candidate = { bottleneck, since: now }
      if (standing?.bottleneck === bottleneck || now - candidate.since >= CONFIRM_MS)
        standing = { bottleneck, advice: advise() }
      return standing ?? { advice: { text: 'Measuring where the time goes.' } }
    },
  }
}
