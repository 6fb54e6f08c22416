// How the figures of a snapshot become a picture.

import { upstreams, type Pipeline, type Stage, type Upstream, type Verdict } from '../src/api.ts'
import { isLate } from '../src/plan.ts'
import { aloneMs, refuser, waitMs } from '../src/refusals.ts'

/** More waiting requests are a number only. */
export const MAX_DOTS = 20

const MAX_LEVEL = 20

/** How many requests wait at a service, by Little's law: L = λ × W. */
export function countWaiting({ perSecond, queueMs }: Stage): number {
  return Math.round((perSecond * queueMs) / 1000)
}

/** The distance between moving dots, in rem, and the seconds that a dot takes for it. */
export interface Flow {
  gap: number
  seconds: number
}

/**
 * Dots that are denser and faster the more requests there are per second; none without requests.
 * A logarithmic scale in steps, so that small changes do not restart the animation.
 */
export function flowOf(perSecond: number | undefined): Flow | undefined {
  if (!perSecond) return undefined
  const level = Math.min(MAX_LEVEL, Math.max(0, Math.floor(2 * Math.log2(perSecond) + 4.2)))
  const gap = 2.8 * 0.915 ** level
  return { gap, seconds: gap / (1.5 + 0.3 * level) }
}

/** What holds others up, and in which words; empty while the pipeline is healthy. */
export type Alarms = Partial<Record<'worker' | Upstream, string>>

/** The alarms of a verdict. */
export function findAlarms({ state }: Verdict, pipeline: Pipeline): Alarms {
  switch (state) {
    case 'rng':
    case 'hasher':
      return { [state]: 'bottleneck' }
    case 'machine':
      return isLate(pipeline) ? { worker: 'slow' } : { rng: 'slow network', hasher: 'slow network' }
    case 'back-pressure':
      return { [refuser(pipeline)]: 'queue full' }
    case 'not-responding':
    case 'stuck':
      return Object.fromEntries(
        upstreams.filter((name) => pipeline[name].notResponding > 0).map((name) => [name, 'not responding']),
      )
    default:
      return {}
  }
}

/** One unit of work from left to right. */
export function partsOfUnit({ worker, rng, hasher }: Pipeline) {
  return [
    { name: 'pause', ms: worker.serviceMs, kind: 'pause' },
    { name: 'waiting for rng', ms: waitMs(rng), kind: 'waiting', at: 'rng' },
    { name: 'rng', ms: aloneMs(rng), kind: 'rng' },
    { name: 'waiting for hasher', ms: waitMs(hasher), kind: 'waiting', at: 'hasher' },
    { name: 'hasher', ms: aloneMs(hasher), kind: 'hasher' },
  ] as const
}
