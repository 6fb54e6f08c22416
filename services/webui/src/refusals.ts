import type { Pipeline, Upstream } from './api.ts'

/** The service that refuses more requests. */
export function refuser(pipeline: Pipeline): Upstream {
  return refusedPart(pipeline, 'rng') >= refusedPart(pipeline, 'hasher') ? 'rng' : 'hasher'
}

/** Part of the requests to a service that it refuses, 0 to 1. */
export function refusedPart(pipeline: Pipeline, name: Upstream): number {
  const { refusedPerSecond, perSecond } = pipeline[name]
  return refusedPerSecond > 0 ? refusedPerSecond / (refusedPerSecond + perSecond) : 0
}
