import type { Pipeline, Stage, Upstream } from './api.ts'

/** The service that refuses more requests. */
export function refuser(pipeline: Pipeline): Upstream {
  return refusedPart(pipeline, 'rng') >= refusedPart(pipeline, 'hasher') ? 'rng' : 'hasher'
}

/** Part of the requests to a service that it refuses, 0 to 1. */
export function refusedPart(pipeline: Pipeline, name: Upstream): number {
  const { refusedPerSecond, perSecond } = pipeline[name]
  return refusedPerSecond > 0 ? refusedPerSecond / (refusedPerSecond + perSecond) : 0
}

/** How long a request waits. After a refusal, the wait counts as network time. */
export function waitMs({ queueMs, networkMs, refusedPerSecond }: Stage): number {
  return refusedPerSecond > 0 ? queueMs + networkMs : queueMs
}

/** The time of a request that does not wait. */
export function aloneMs({ serviceMs, networkMs, refusedPerSecond }: Stage): number {
  return refusedPerSecond > 0 ? serviceMs : serviceMs + networkMs
}
