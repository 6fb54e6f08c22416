import type { Report } from '@dockercoins/ledger'

import { upstreams, type Pipeline, type Upstream, type Verdict, type VerdictState } from './api.ts'
import { busiest, isAway } from './pipeline.ts'
import { isLate, MIN_QUEUE_SHARE, NEARLY_FULL } from './plan.ts'
import { refusedPart, refuser } from './refusals.ts'

/** A service without Server-Timing is the bottleneck from this part of the loops' time. */
const MIN_UNTIMED_SHARE = 0.5
/** A queue that refuses this part of all requests is too short. */
const MIN_REFUSED_PART = 0.05
/** On a slow network requests spend this part of a unit between the services, and so many milliseconds. */
const SLOW_NETWORK_PART = 0.25
const SLOW_NETWORK_MS = 20
/** A verdict stands until its figure falls to this part of the threshold, so it does not flip. */
const HYSTERESIS = 0.8
/** A verdict needs the same evidence for this long, milliseconds. */
const CONFIRM_MS = 3_000
/** Seconds pass before it is seen that no unit of work ends. The first one may take long. Milliseconds. */
const CONFIRM_NO_UNITS_MS = 1_000
const CONFIRM_FIRST_UNIT_MS = 15_000
/** After an outage a verdict waits this long at most for workers that ran before, milliseconds. */
const LONGEST_WAIT_MS = 15_000

/**
 * What limits the speed now. The order is that of causes: without workers nothing else is known. A
 * replica that is away makes the others look too few, and a refused request waits outside of the
 * queue, so both come before queues. A long queue is shown by a busy machine too, but more replicas
 * are then no mistake. Late pauses come before "add workers", which would make them later. `before`
 * is what the evidence was for a moment ago.
 */
export function findState(pipeline: Pipeline, standing?: VerdictState, before = standing): VerdictState {
  const { unitMs, worker, rng, hasher, foreignSpeed } = pipeline
  const threshold = (state: VerdictState, figure: number) => (standing === state ? HYSTERESIS * figure : figure)

  if (worker.count === 0) return foreignSpeed ? 'foreign' : 'idle'
  if (worker.perSecond === 0 || isAway(rng) || isAway(hasher)) return 'stuck'
  if (rng.notResponding + hasher.notResponding > 0) return 'not-responding'
  if (refusedPart(pipeline, refuser(pipeline)) >= threshold('back-pressure', MIN_REFUSED_PART)) return 'back-pressure'

  for (const name of byQueue(pipeline, before)) {
    if (pipeline[name].queueMs >= threshold(name, MIN_QUEUE_SHARE) * unitMs) return name
  }
  for (const name of upstreams) {
    const { timed, share } = pipeline[name]
    if (!timed && share >= threshold(name, MIN_UNTIMED_SHARE)) return name
  }
  if (isLate(pipeline, threshold('machine', 1)) || isNetworkSlow(pipeline, threshold('machine', 1))) return 'machine'
  return (pipeline[busiest(pipeline)].busy ?? 0) < threshold('well', NEARLY_FULL) ? 'worker' : 'well'
}

/** The service with the longer queue first; the one of `before` while its queue is nearly as long. */
function byQueue(pipeline: Pipeline, before: VerdictState | undefined): Upstream[] {
  const length = (name: Upstream) => pipeline[name].queueMs / (name === before ? HYSTERESIS : 1)
  return upstreams.toSorted((one, other) => length(other) - length(one))
}

function isNetworkSlow({ unitMs, rng, hasher }: Pipeline, factor: number): boolean {
  const networkMs = rng.networkMs + hasher.networkMs
  // Without Server-Timing all of a service's time seems to be the network's.
  const isKnown = rng.timed && hasher.timed
  return isKnown && networkMs >= factor * Math.max(SLOW_NETWORK_MS, SLOW_NETWORK_PART * unitMs)
}

/** What was judged before, and since when the evidence is what it is now. */
export interface Memory {
  standing?: VerdictState
  candidate?: { state: VerdictState; since: number }
  /** Whether a unit of work has ended. */
  hasWorked?: boolean
}

/** The next memory: a state stands once its evidence is steady, and one without workers at once. */
export function step({ standing, candidate, hasWorked = false }: Memory, pipeline: Pipeline, now: number): Memory {
  const state = findState(pipeline, standing, candidate?.state ?? standing)
  if (state === 'idle' || state === 'foreign') return { standing: state }
  // Nothing that limits work can be left over from a time without work.
  const before = standing === 'idle' || standing === 'foreign' ? undefined : standing
  const since = candidate?.state === state ? candidate.since : now
  hasWorked ||= pipeline.unitMs > 0
  const confirmNoUnitsMs = hasWorked ? CONFIRM_NO_UNITS_MS : CONFIRM_FIRST_UNIT_MS
  const confirmMs = pipeline.worker.perSecond === 0 ? confirmNoUnitsMs : CONFIRM_MS
  const isConfirmed = state === before || now - since >= confirmMs
  const stands = isConfirmed ? state : before
  return { ...(stands && { standing: stands }), candidate: { state, since }, hasWorked }
}

/** Gives a verdict once all running workers have reported and the evidence is steady. */
export function createVerdicts() {
  let lastReports: Report[] = []
  let outage: { reports: Report[]; endedAt?: number } | undefined
  let memory: Memory = {}
  let last: Verdict | undefined

  /** A verdict while workers that ran before an outage have not reported since. */
  function awaitReports(now: number): Verdict | undefined {
    if (!outage) return undefined
    outage.endedAt ??= now
    const of = outage.reports.length
    const ends = new Map(lastReports.map(({ worker, to }) => [worker, to]))
    const reported = outage.reports.filter(({ worker, to }) => (ends.get(worker) ?? to) !== to).length
    if (reported < of && now - outage.endedAt < LONGEST_WAIT_MS) {
      const sentence = 'Waiting for the workers that ran before the ledger was lost.'
      return { state: 'early', sentence, evidence: `${reported} of ${of} have reported` }
    }
    outage = undefined
    return undefined
  }

  return {
    /** The verdict on a pipeline. `describe` puts a state into words. */
    judge(pipeline: Pipeline, running: Report[], now: number, describe: (state: VerdictState) => Verdict): Verdict {
      lastReports = running
      const wait = awaitReports(now)
      if (wait) return wait
      memory = step(memory, pipeline, now)
      const { standing, candidate } = memory
      if (!standing) return (last = describe('early'))
      // While the evidence speaks for another state, its figures would contradict the verdict.
      const isSupported = !candidate || candidate.state === standing
      if (isSupported || last?.state !== standing) last = describe(standing)
      return last
    },
    /** Whether workers that ran before an outage have yet to report. */
    isWaiting: () => outage !== undefined,
    /** The ledger could not be read. */
    lost() {
      outage = { reports: outage?.reports ?? lastReports }
      memory = {}
    },
  }
}
