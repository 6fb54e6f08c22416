import type { Processes } from './processes.ts'

/** One figure, with its value in each run. */
export interface Row {
  /** What was measured: "16 loops, Redis". */
  name: string
  /** "hashes/s", "µs a hash", "ms", "MB", "× the floor"… */
  unit: string
  /** One value a run. */
  values: number[]
  /** What docs/performance.md promises of the median. */
  goal?: Goal
}

export type Goal = { atLeast: number } | { atMost: number } | { below: number }

/** What a scenario is given. */
export interface Bench {
  runs: number
  /** How long each measurement takes. */
  seconds: number
  /** Starts what is to be measured; all of it is ended when the scenario ends. */
  processes: Processes
  /** A Redis of the benchmark's own; without a server on the PATH there is none. */
  redisUrl: string | undefined
  /** Another implementation to measure beside ours. */
  against?: { rng: string; hasher: string }
  /** Tells on standard error how far it is. */
  say: (message: string) => void
  /** Notes a value of this run. */
  add: (name: string, unit: string, value: number, goal?: Goal) => void
}

export interface Scenario {
  /** What it measures, in a few words. */
  about: string
  /** Measures once. */
  run: (bench: Bench) => Promise<void>
  /** Measured once, however many runs there are, for a second time would tell nothing new. */
  once?: boolean
  /** Run only where it is named: it takes long. */
  onDemand?: boolean
}

/** Gathers the values of all runs in rows, in the order in which they first came. */
export function createRows(): { rows: Row[]; add: Bench['add'] } {
  const rows: Row[] = []
  return {
    rows,
    add(name, unit, value, goal) {
      const known = rows.find((row) => row.name === name && row.unit === unit)
      if (known) known.values.push(value)
      else rows.push({ name, unit, values: [value], ...(goal && { goal }) })
    },
  }
}
