// What the web UI's server sends to browsers. Moments are in seconds since the epoch.

import type { Start } from './scale-command.ts'

/** `GET /json`, as in the classic. */
export interface Totals {
  coins: number
  hashes: number
  now: number
}

/** `GET /history`: consecutive settled seconds, in hashes per second; null where not known. */
export interface History {
  /** Start of the first second. */
  from: number
  /** The measured speed. */
  speeds: (number | null)[]
  /** The speed of workers that do not report, and the capacity. */
  foreign: (number | null)[]
  capacity: (number | null)[]
  /** The speed as the classic's page computes it. */
  classic: (number | null)[]
  /** What changed, in the order in which it became known; some of it before `from`. */
  marks: Mark[]
  /** When the ledger was away. */
  outages: Outage[]
}

/** A change of what runs: "workers 1 → 10". */
export interface Mark {
  at: number
  text: string
}

export interface Outage {
  from: number
  until: number
}

/** `GET /events`, once per second: `snapshot` or, while the ledger is away, `ledger-lost`. */
export type Update = Snapshot | LedgerLost

export interface LedgerLost {
  now: number
  ledgerLostSince: number
}

export interface Snapshot extends Totals, Start {
  /** The last settled seconds. */
  history: History
  pipeline: Pipeline
  verdict: Verdict
  /** Response time of the ledger in milliseconds. */
  ledgerMs: number
  /** The latest coins in the reports that were read, newest first. */
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
  /** The workers by the revision of their source, the most common first; the first 3. */
  revisions: Revision[]
  rng: Stage
  hasher: Stage
  /** Entries that are recorded in the ledger per second. */
  entriesPerSecond: number
  /** Mean speed of the workers that do not report; null while not known. */
  foreignSpeed: number | null
  /** The speed that theory allows; null where no unit ended. */
  capacity: number | null
}

/** Workers that were built from the same source. */
export interface Revision {
  name: string
  workers: number
  /** Hashes per second of all of them together. */
  perSecond: number
}

/** One step of every unit of work. Times are means per request, in milliseconds. */
export interface Stage {
  /** Replicas that are running. */
  count: number
  /** Replicas that respond to no worker. */
  notResponding: number
  /** By name, running or not: 20 at most, and of more than 20 the first 8. */
  replicas: Replica[]
  /** A fault on purpose of a replica, such as "errors 10 %". */
  fault?: string
  /** Requests per second of the workers that report; for the workers, units per second. */
  perSecond: number
  queueMs: number
  /** For the workers, their own pause. */
  serviceMs: number
  networkMs: number
  /** Requests per second that were refused because a queue was full. */
  refusedPerSecond: number
  /** Part of a loop's time, 0 to 1. */
  share: number
  /** Whether the service sends `Server-Timing`. */
  timed: boolean
  /** Requests per second that all replicas together can serve; absent where nothing limits them. */
  capacity?: number
  /** Part of the capacity in use, 0 to 1; absent also where workers that do not report use it. */
  busy?: number
}

export interface Replica {
  name: string
  /** Part of the requests of its service, for a worker of the hashes, 0 to 1. */
  share: number
  state: 'serving' | 'idle' | 'not responding'
}

/** The services that the workers call, in the order of a unit of work. */
export const upstreams = ['rng', 'hasher'] as const
export type Upstream = (typeof upstreams)[number]

/**
 * 'well': loops and replicas match each other. 'worker', 'rng', 'hasher': the bottleneck.
 * 'machine': the workers' machine is too busy. 'back-pressure': a full queue refuses requests.
 * 'not-responding': a replica responds to no worker. 'foreign': only workers that do not report
 * mine. 'stuck': no unit of work ends. 'idle': no worker runs. 'early': too little evidence yet.
 */
export type VerdictState =
  | 'early'
  | 'well'
  | 'worker'
  | Upstream
  | 'machine'
  | 'back-pressure'
  | 'not-responding'
  | 'foreign'
  | 'stuck'
  | 'idle'

/** What limits the speed, and what to do about it. */
export interface Verdict {
  state: VerdictState
  /** One sentence. */
  sentence: string
  /** The figure that shows it: "rng is 99 % busy". */
  evidence?: string
  /** A second sentence, where the first is not enough. */
  more?: string
  /** The command that raises the speed. */
  command?: string
}
