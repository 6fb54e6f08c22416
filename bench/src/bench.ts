import type { Figures } from './load.ts'
import type { Goal } from './report.ts'

/** What a scenario gets. */
export interface Bench {
  /** How long each measurement takes. */
  seconds: number
  /** A Redis of the bench's own, or a file where there is no server on the PATH. */
  ledgerUrl: string
  /** Another implementation to measure beside ours. */
  against?: { rng: string; hasher: string }
  /** Adds the value of this run to a row of the report. */
  add: (name: string, unit: string, value: number, goal?: Goal) => void
}

/**
 * What is measured, in a few words, and a function that measures it once. What it starts is killed
 * afterwards.
 */
export interface Scenario {
  about: string
  run: (bench: Bench) => Promise<void>
}

/** Adds what each process of a load used: processor time per hash, and memory. */
export function addCosts({ add }: Bench, name: string, { costs }: Figures, memoryGoal?: Goal): void {
  for (const cost of costs) add(`${name}: ${cost.name}`, 'µs per hash', cost.cpuMicros)
  for (const cost of costs) add(`${name}: ${cost.name}`, 'MB', cost.rssMb, memoryGoal)
}
