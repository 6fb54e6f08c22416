import type { Processes } from './processes.ts'

/** One figure, with its value in each run. */
export interface Row {
  /** What was measured: "16 loops, Redis". */
  name: string
  /** "hashes/s", "µs of processor a unit", "ms", "MB", "× the floor"… */
  unit: string
  /** One value a run, in the order of the runs. */
  values: number[]
}

/** What a scenario is given. */
export interface Bench {
  /** How often to measure, and for how long each time. */
  runs: number
  seconds: number
  /** Starts what is to be measured; all of it is ended when the scenario ends. */
  processes: Processes
  /** Another implementation to measure beside ours. */
  against?: { rng: string; hasher: string }
  /** Tells on standard error what is being done. */
  say(message: string): void
}

export interface Scenario {
  name: string
  /** What it measures, in one sentence. */
  about: string
  /** Why it cannot be run here, if it cannot. */
  skip?: () => string | undefined
  run(bench: Bench): Promise<Row[]>
}
