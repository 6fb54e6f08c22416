import type { Pipeline } from '../src/api.ts'
import { predictSpeed, type Plan } from '../src/plan.ts'

/** What limits the speed of `plan`: that of which twice as much raises it most. */
export function findLimit(plan: Plan, pipeline: Pipeline): 'workers' | 'rng' | 'hasher' {
  const gain = (name: 'workers' | 'rng' | 'hasher') => predictSpeed({ ...plan, [name]: 2 * plan[name] }, pipeline) ?? 0
  return (['workers', 'rng', 'hasher'] as const).reduce((best, name) => (gain(name) > gain(best) ? name : best))
}
