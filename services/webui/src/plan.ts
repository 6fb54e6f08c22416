import type { Pipeline } from './api.ts'
import { scaleCommand, type Platform, type Scale } from './scale-command.ts'

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

/**
 * The speed that `plan` would reach, in hashes per second; null where too little is known. By the
 * operational laws X ≤ min(N ⁄ (D + Z), Σ c ⁄ S): queues are left out, as they follow from the rest.
 */
export function predictSpeed(plan: Plan, pipeline: Pipeline): number | null {
  const { rng, hasher, hashesPerUnit, capacity } = pipeline
  // Without Server-Timing a queue cannot be distinguished from the network.
  if (capacity === null || !rng.timed || !hasher.timed) return null
  const unitMs = pauseMs(plan, pipeline) + aloneMs(rng) + aloneMs(hasher)
  const ofLoops = unitMs > 0 ? (plan.workers * plan.loops * 1000) / unitMs : Infinity
  const of = (name: 'rng' | 'hasher') => {
    const { capacity: ofAll, count } = pipeline[name]
    if (plan[name] === 0) return 0
    return ofAll === undefined || count === 0 ? Infinity : (ofAll / count) * plan[name]
  }
  const unitsPerSecond = Math.min(ofLoops, of('rng'), of('hasher'))
  return Number.isFinite(unitsPerSecond) ? unitsPerSecond * hashesPerUnit : null
}

/** A pause that is late now will be late by the same factor; one that is not known stays. */
function pauseMs(plan: Plan, { delayMs, worker }: Pipeline): number {
  if (delayMs > 0) return plan.delayMs * Math.max(1, worker.serviceMs / delayMs)
  return plan.delayMs > 0 ? plan.delayMs : worker.serviceMs
}

/** The time of a request that does not wait. After a refusal, the wait counts as network time. */
function aloneMs({ serviceMs, networkMs, refusedPerSecond }: Pipeline['rng']): number {
  return serviceMs + (refusedPerSecond > 0 ? 0 : networkMs)
}

/**
 * The shell commands that turn `current` into `wanted`; none where the platform is not known.
 * Locally, other loops need a restart: stop the application first. There and with Compose,
 * `DELAY_MS` is that of all services, so no command changes the pause alone.
 */
export function planCommands(platform: Platform, current: Plan, wanted: Plan): string[] {
  const isOtherLoops = wanted.loops !== current.loops
  const isOtherDelay = wanted.delayMs !== current.delayMs
  const before = toScale(current)
  const all = toScale(wanted)
  const changed = Object.fromEntries(
    Object.entries(all).filter(([name, count]) => count !== before[name as keyof Scale]),
  ) as Scale
  const scale = Object.keys(changed).length > 0 ? scaleCommand(platform, before, changed) : undefined
  const scales = scale === undefined ? [] : [scale]
  const settings = [
    ...(isOtherLoops ? [`LOOPS=${wanted.loops}`] : []),
    ...(isOtherDelay ? [`DELAY_MS=${wanted.delayMs}`] : []),
  ]
  switch (platform) {
    case 'kubernetes':
      return settings.length > 0 ? [...scales, `kubectl set env deployment/worker ${settings.join(' ')}`] : scales
    case 'swarm': {
      const flags = settings.map((setting) => `--env-add ${setting}`).join(' ')
      return settings.length > 0 ? [...scales, `docker service update ${flags} dockercoins_worker`] : scales
    }
    case 'compose': {
      // LOOPS that is not set again would be 1.
      if (!isOtherLoops && (scale === undefined || wanted.loops === 1)) return scales
      return [`LOOPS=${wanted.loops} ${scaleCommand(platform, before, all)}`]
    }
    case 'local': {
      if (!isOtherLoops) return scales
      const flags = Object.entries(all).filter(([, count]) => count !== 1)
      const options = flags.map(([name, count]) => ` --scale ${name}=${count}`).join('')
      return [`LOOPS=${wanted.loops} npm start${options && ` --${options}`}`]
    }
    default:
      return []
  }
}

function toScale({ workers, rng, hasher }: Plan): Required<Scale> {
  return { worker: workers, rng, hasher }
}
