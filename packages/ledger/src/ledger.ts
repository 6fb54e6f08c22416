/**
 * Where hashes and coins are counted. Two implementations, Redis and SQLite, pass one contract suite.
 * Every method rejects when the store cannot be reached or does not answer in time; `record` may then have been applied or not,
 * and is safe to call again with the same entry.
 */
export interface Ledger {
  /** Counts an entry exactly once. An entry whose sequence number was recorded before changes nothing and resolves to 'duplicate'. */
  record(entry: Entry): Promise<'recorded' | 'duplicate'>
  /** The counters as the classic keeps them; 0 before anything was counted. Coins count whether the wallet kept them or not. */
  totals(): Promise<Totals>
  /**
   * The measured speed, in hashes per second, of `count` whole seconds from `from` (seconds since the epoch). 0 where no
   * hash was computed; null where the speed is not known: before the first entry, or longer ago than speeds are kept.
   */
  speeds(from: number, count: number): Promise<(number | null)[]>
  /** The last report of every running worker: those whose `expiresAfterMs` has not passed since their last entry. */
  reports(): Promise<Report[]>
  /** Every coin, streamed, however many there are. One that is added meanwhile may be missing, none that was there before. */
  coins(): AsyncIterable<Coin>
  /** How many coins were counted: those in the wallet, and those that found it full. */
  coinCounts(): Promise<CoinCounts>
  /** What an audit compares, read at one moment, so that it holds while workers go on recording. */
  sums(): Promise<Sums>
  /** Resolves when the store answers, rejects when it does not. */
  ping(): Promise<void>
  /** Lets go of the store at once: whatever was asked and not yet answered rejects. */
  close(): Promise<void>
}

export interface Totals {
  /** The counter, which foreign workers move too. */
  hashes: number
  coins: number
  /** The hashes of all entries ever recorded; a running total, cheap to read. `hashes - recorded` is foreign. */
  recorded: number
}

export interface CoinCounts {
  /** Coins that the wallet holds. */
  kept: number
  /** Coins that were counted while the wallet was full. */
  unkept: number
}

export interface Sums {
  /** The counter, which anybody may have moved. */
  hashes: number
  /** The hashes of all entries, added up worker by worker. */
  entries: number
  /** The coins that all entries brought, added up worker by worker; a coin that was brought twice counts twice. */
  coins: number
}

/** A digest that begins with '0', and the bytes that it is the SHA-256 of. */
export interface Coin {
  /** 64 lower-case hexadecimal digits. */
  digest: string
  bytes: Uint8Array
}

/** What one worker did since its entry before. */
export interface Entry {
  /** UUID of the worker process, new at each start. */
  worker: string
  /** 1, 2, 3… within the worker. */
  sequence: number
  /** Units completed between `from` and `to`, both moments at which a unit ended (milliseconds since the epoch). */
  hashes: number
  from: number
  to: number
  coins: Coin[]
  /** Absent in a worker's last entry: it then no longer runs. */
  report?: Report
}

/** What a worker says of itself and of where its time went, for the dashboard. */
export interface Report {
  worker: string
  hostname: string
  loops: number
  /** Covers the units completed between these two moments (milliseconds since the epoch). */
  from: number
  to: number
  hashes: number
  /** One, or several where a unit of work is a batch. */
  hashesPerUnit: number
  /** The worker counts as running for this long after the report, in milliseconds. */
  expiresAfterMs: number
  /** Sums over all units, in milliseconds. */
  pauseMs: number
  /** How long one pause is set to be, in milliseconds; absent or 0 where that is not known or there is no pause. */
  delayMs?: number
  rng: UpstreamReport
  hasher: UpstreamReport
  /** A few, newest first: when the worker found them, in milliseconds since the epoch. */
  latestCoins: { digest: string; at: number }[]
}

/** Sums over the requests answered, in milliseconds, and how many each replica (X-Served-By) answered. */
export interface UpstreamReport {
  queueMs: number
  workMs: number
  networkMs: number
  /** Requests that a replica serves at a time, as the newest answer has it; 0 where it does not say. */
  concurrency: number
  replicas: Record<string, number>
  /** Names of the replicas that the worker cannot reach now: as each last called itself, else its address and port. */
  notResponding: string[]
}
