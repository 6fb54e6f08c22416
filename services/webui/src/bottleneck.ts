import type { Report } from '@dockercoins/ledger'

import type { Pipeline, Upstream, Verdict } from './api.ts'
import { busiest } from './pipeline.ts'

/** A service in whose queue loops spend less of their time than this is no bottleneck. */
const MIN_QUEUE_SHARE = 0.2
/** A service without Server-Timing is the bottleneck from this part of the loops' time. */
const MIN_UNTIMED_SHARE = 0.5
/** On a busy machine pauses are late by this part of the pause, and by this many milliseconds. */
const LATE_PART = 0.15
const LATE_MS = 5
/** A service less busy than this can serve more loops. */
export const NEARLY_FULL = 0.9
/** A verdict stands until its figure falls to this part of the threshold, so it does not flip. */
const HYSTERESIS = 0.8
/** A verdict needs the same evidence for this long, milliseconds. */
const CONFIRM_MS = 3_000
/** After an outage a verdict waits this long at most for workers that ran before, milliseconds. */
const LONGEST_WAIT_MS = 15_000

/** 'none': loops and replicas match each other. 'machine': the workers' machine is too busy. */
export type Bottleneck = 'worker' | Upstream | 'none' | 'machine'

/** The service in whose queue loops wait long, else the loops unless a service is nearly full. */
export function findBottleneck(pipeline: Pipeline, standing?: Bottleneck): Bottleneck | undefined {
  const { unitMs, delayMs, worker, rng, hasher, capacity } = pipeline
  if (capacity === null) return undefined
  const threshold = (verdict: Bottleneck, figure: number) => (standing === verdict ? HYSTERESIS * figure : figure)

  const longest = rng.queueMs >= hasher.queueMs ? 'rng' : 'hasher'
  if (pipeline[longest].queueMs >= threshold(longest, MIN_QUEUE_SHARE) * unitMs) return longest
  for (const name of ['rng', 'hasher'] as const) {
    const { timed, share } = pipeline[name]
    if (!timed && share >= threshold(name, MIN_UNTIMED_SHARE)) return name
  }
  const lateMs = worker.serviceMs - delayMs
  if (delayMs > 0 && lateMs >= threshold('machine', Math.max(LATE_MS, LATE_PART * delayMs))) return 'machine'
  return (pipeline[busiest(pipeline)].busy ?? 0) < threshold('none', NEARLY_FULL) ? 'worker' : 'none'
}

/** Gives a verdict once all running workers have reported and the evidence is steady. */
export function createVerdicts() {
  /** The end of the newest report of each running worker, now and before an outage. */
  let lastReports = new Map<string, number>()
  let outage: { reports: Map<string, number>; endedAt?: number } | undefined
  let standing: { bottleneck: Bottleneck; verdict: Verdict } | undefined
  let candidate: { bottleneck: Bottleneck; since: number } | undefined

  /** Advice to wait while workers that ran before an outage have not reported since. */
  function awaitReports(now: number): Verdict | undefined {
    if (!outage) return undefined
    outage.endedAt ??= now
    const of = outage.reports.size
    const reported = [...outage.reports].filter(([worker, to]) => (lastReports.get(worker) ?? to) !== to).length
    if (reported < of && now - outage.endedAt < LONGEST_WAIT_MS) {
      const text = `${reported} of the ${of} workers that were running have reported since the ledger was lost.`
      return { state: 'early', sentence: `Waiting for reports: ${text}` }
    }
    outage = undefined
    return undefined
  }

  return {
    /** The verdict on a pipeline. `advise` returns the advice on a bottleneck, or on none. */
    judge(pipeline: Pipeline, running: Report[], now: number, advise: (bottleneck?: Bottleneck) => Verdict): Verdict {
      lastReports = new Map(running.map(({ worker, to }) => [worker, to]))
      const wait = awaitReports(now)
      if (wait) return wait
      const bottleneck = findBottleneck(pipeline, standing?.bottleneck)
      if (bottleneck === undefined) {
        standing = candidate = undefined
        return advise()
      }
      if (candidate?.bottleneck !== bottleneck) candidate = { bottleneck, since: now }
      const isConfirmed = standing?.bottleneck === bottleneck || now - candidate.since >= CONFIRM_MS
      if (isConfirmed) standing = { bottleneck, verdict: advise(bottleneck) }
      return standing?.verdict ?? { state: 'early', sentence: 'Measuring where the time goes.' }
    },
    /** Whether workers that ran before an outage have yet to report. */
    isWaiting: () => outage !== undefined,
    /** The ledger could not be read. */
    lost() {
      outage = { reports: outage?.reports ?? lastReports }
      standing = candidate = undefined
    },
  }
}
