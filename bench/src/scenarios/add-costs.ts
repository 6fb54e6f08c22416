import type { Figures } from '../load.ts'
import type { Bench, Goal } from '../scenario.ts'

/** Notes what each process of a load took: processor time a hash, and memory. */
export function addCosts({ add }: Bench, name: string, { cpuMicros, rssMb }: Figures, memoryGoal?: Goal): void {
  for (const [process, micros] of Object.entries(cpuMicros)) add(`${name}: ${process}`, 'µs a hash', micros)
  for (const [process, mb] of Object.entries(rssMb)) add(`${name}: ${process}`, 'MB', mb, memoryGoal)
}
