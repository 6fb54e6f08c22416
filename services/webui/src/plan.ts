import type { Pipeline } from './api.ts'
import type { Platform } from './scale-command.ts'

/** How the application is set up, or could be. */
export interface Plan {
  workers: number
  /** Loops of each worker. */
  loops: number
  rng: number
  hasher: number
  /** The pause before each unit of work, in milliseconds. */
  delayMs: number
}

/** The plan that runs now. */
export function currentPlan({ worker, loops, rng, hasher, delayMs }: Pipeline): Plan {
  const each = worker.count > 0 ? Math.round(loops / worker.count) : 1
  return { workers: worker.count, loops: each, rng: rng.count, hasher: hasher.count, delayMs }
}

/** The speed that `plan` would reach, in hashes per second; null where too little is known. */
export function predictSpeed(plan: Plan, pipeline: Pipeline): number | null {
  const { worker, rng, hasher, hashesPerUnit } = pipeline
  if (worker.count === 0) return null
  const unitMs = plan.delayMs + rng.serviceMs + rng.networkMs + hasher.serviceMs + hasher.networkMs
  const ofLoops = (plan.workers * plan.loops * 1000) / unitMs
  const of = (name: 'rng' | 'hasher') => {
    const { capacity, count } = pipeline[name]
    return capacity === undefined || count === 0 ? Infinity : (capacity / count) * plan[name]
  }
  return Math.min(ofLoops, of('rng'), of('hasher')) * hashesPerUnit
}

/** The shell commands that turn `current` into `wanted`; none where the platform is not known. */
export function planCommands(_platform: Platform, _current: Plan, _wanted: Plan): string[] {
  return []
}
