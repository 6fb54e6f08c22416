import type { History, Pipeline, Upstream } from './api.ts'
import { aloneMs } from './refusals.ts'
import type { Plan } from './scale-command.ts'

/** A service in whose queue loops spend less of their time than this is no bottleneck. */
export const MIN_QUEUE_SHARE = 0.2
/** A service less busy than this can serve more loops. */
export const NEARLY_FULL = 0.9
/** On a busy machine pauses are late by this part of the pause, and by this many milliseconds. */
const LATE_PART = 0.15
const LATE_MS = 5
/** So long after a change, the speed is that of the new setup. Seconds. */
const SETTLE_S = 5
/** The speed of a setup is the mean of at most and at least so many seconds. */
const LONGEST_S = 10
const SHORTEST_S = 3

/** Before the first unit of work. */
export const NOTHING: Plan = { workers: 0, loops: 1, batch: 1, rng: 0, hasher: 0, delayMs: 0 }

/** The plan that runs now. */
export function currentPlan({ worker, loops, hashesPerUnit, rng, hasher, delayMs }: Pipeline): Plan {
  const each = worker.count > 0 ? Math.round(loops / worker.count) : 1
  return {
    workers: worker.count,
    loops: each,
    batch: Math.round(hashesPerUnit),
    rng: rng.count,
    hasher: hasher.count,
    delayMs: Math.round(delayMs),
  }
}

/** Units of work per second that the loops and each service of a plan can do. */
type Capacities = Record<'loops' | Upstream, number>

/**
 * The speed that `plan` would reach, in hashes per second; null where too little is known. By the
 * operational laws X ≤ min(N ⁄ (D + Z), Σ c ⁄ S): queues are left out, as they follow from the rest.
 */
export function predictSpeed(plan: Plan, pipeline: Pipeline): number | null {
  const capacities = findCapacities(plan, pipeline)
  const unitsPerSecond = Math.min(...Object.values(capacities ?? { none: Infinity }))
  return Number.isFinite(unitsPerSecond) ? unitsPerSecond * pipeline.hashesPerUnit : null
}

/**
 * What would limit the speed of `plan`, in the words of the verdict and by its thresholds. Loops
 * that can do more than a service wait in its queue, for the part of their time that they have over.
 */
export function predictLimit(plan: Plan, pipeline: Pipeline): string {
  const { loops, rng, hasher } = findCapacities(plan, pipeline) ?? { loops: 0, rng: Infinity, hasher: Infinity }
  const [name, ofService] = rng <= hasher ? (['rng', rng] as const) : (['hasher', hasher] as const)
  if (1 - ofService / loops >= MIN_QUEUE_SHARE) return `limited by ${name}`
  return loops / ofService < NEARLY_FULL ? 'limited by workers' : `workers and ${name} match`
}

/** Whether pauses take clearly longer than they are set to, as on a busy machine. */
export function isLate({ delayMs, worker }: Pipeline, factor = 1): boolean {
  return delayMs > 0 && worker.serviceMs - delayMs >= factor * Math.max(LATE_MS, LATE_PART * delayMs)
}

/** Why no prediction is made, however long the application runs. */
export function unpredictable({ unitMs, rng, hasher, foreignSpeed }: Pipeline): string | undefined {
  if (foreignSpeed) return 'Workers that do not report use the same services, so no prediction is made.'
  // A queue cannot be distinguished from the network, and replicas may have no names.
  if (unitMs > 0 && !(rng.timed && hasher.timed))
    return 'rng and hasher do not send Server-Timing, so no prediction is made.'
  return undefined
}

function findCapacities(plan: Plan, pipeline: Pipeline): Capacities | undefined {
  const { worker, rng, hasher, capacity } = pipeline
  const isKnown = capacity !== null && [rng, hasher].every(({ count }) => count > 0)
  if (!isKnown || worker.count === 0 || unpredictable(pipeline)) return undefined
  const unitMs = pauseMs(plan, pipeline) + aloneMs(rng) + aloneMs(hasher)
  const of = (name: Upstream) => ((pipeline[name].capacity ?? Infinity) / pipeline[name].count) * plan[name]
  return {
    loops: unitMs > 0 ? (plan.workers * plan.loops * 1000) / unitMs : Infinity,
    rng: of('rng'),
    hasher: of('hasher'),
  }
}

/** A pause that is late now will be late by the same factor; one that is not known stays. */
function pauseMs(plan: Plan, { delayMs, worker }: Pipeline): number {
  if (delayMs > 0) return plan.delayMs * Math.max(1, worker.serviceMs / delayMs)
  return plan.delayMs > 0 ? plan.delayMs : worker.serviceMs
}

/** The mean speed of the newest seconds of what runs since `at`; undefined while they are too few. */
export function measureSince(at: number, { from, speeds }: Pick<History, 'from' | 'speeds'>): number | undefined {
  const settled = speeds.slice(Math.max(0, Math.ceil(at) + SETTLE_S - from)).filter((speed) => speed !== null)
  const newest = settled.slice(-LONGEST_S)
  if (newest.length < SHORTEST_S) return undefined
  return newest.reduce((total, speed) => total + speed, 0) / newest.length
}
