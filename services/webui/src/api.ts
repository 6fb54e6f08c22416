// What the web UI's server sends to browsers. Moments are in seconds since the epoch.

/** `GET /json`, as in the classic. */
export interface Totals {
  coins: number
  hashes: number
  now: number
}

/** `GET /history`: the measured speed of consecutive seconds; null where it is not known. */
export interface History {
  /** Start of the first second. */
  from: number
  speeds: (number | null)[]
}

/** `GET /events`, once per second: `snapshot` or, while the ledger is away, `ledger-lost`. */
export type Update = Snapshot | LedgerLost

export interface LedgerLost {
  now: number
  ledgerLostSince: number
}

export interface Snapshot extends Totals {
  /** End of the newest settled second. */
  settledUntil: number
  /** The measured speed of the last settled seconds, in hashes per second; null where not known. */
  speeds: (number | null)[]
  pipeline: Pipeline
  /** Absent while no unit of work ends, and until there is enough evidence. */
  bottleneck?: Bottleneck
  advice: Advice
  /** Response time of the ledger in milliseconds. */
  ledgerMs: number
  /** The latest coins of all workers, newest first. */
  latestCoins: { digest: string; worker: string; at: number }[]
}

/** Where the time of a unit of work goes. Times are in milliseconds, speeds in hashes per second. */
export interface Pipeline {
  /** Units of work in flight at once, in all workers together. */
  loops: number
  /** Hashes that a unit of work makes, on average; 1 where no unit ended. */
  hashesPerUnit: number
  /** Mean time of a unit, and the pause as it is set (0 where not known). */
  unitMs: number
  delayMs: number
  worker: Stage
  rng: Stage
  hasher: Stage
  /** Entries that are recorded in the ledger per second. */
  entriesPerSecond: number
  /** Mean speed of the workers that do not report; null while not known. */
  foreignSpeed: number | null
  /** The speed that theory allows; null where no unit ended. */
  capacity: number | null
}

/** One step of every unit of work. Times are means per request, in milliseconds. */
export interface Stage {
  /** Replicas that are running. */
  count: number
  /** Names, 100 at most: of running replicas, and of those that respond to no worker. */
  replicas: string[]
  notResponding: string[]
  /** Requests per second of the workers that report; for the workers, units per second. */
  perSecond: number
  queueMs: number
  /** For the workers, their own pause. */
  serviceMs: number
  networkMs: number
  /** Part of a loop's time, 0 to 1. */
  share: number
  /** Whether the service sends `Server-Timing`. */
  timed: boolean
  /** Requests per second that all replicas together can serve; absent where nothing limits them. */
  capacity?: number
  /** Part of the capacity in use, 0 to 1; absent also where workers that do not report use it. */
  busy?: number
}

export type Upstream = 'rng' | 'hasher'

/** 'none': loops and replicas match each other. 'machine': the workers' machine is too busy. */
export type Bottleneck = 'worker' | Upstream | 'none' | 'machine'

/** What limits the speed and, where one helps, the command that raises it. */
export interface Advice {
  text: string
  command?: string
}
