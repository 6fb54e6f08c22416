/**
 * Where hashes and coins are counted. Redis and SQLite pass one contract suite. Every method
 * rejects when the store cannot be reached or does not reply in time. `record` may then have been
 * applied or not; it is safe to call again with the same entry.
 */
export interface Ledger {
  /** Counts an entry exactly once. 'duplicate': the worker's last sequence is not below its own. */
  record(entry: Entry): Promise<'recorded' | 'duplicate'>
  /** The counters, 0 in an empty ledger. Coins count whether the wallet keeps them or not. */
  totals(): Promise<Totals>
  /**
   * The measured speed, in hashes per second, of `count` whole seconds from `from` (seconds since
   * the epoch). null: it is not known, before the first entry or because it is no longer kept.
   */
  speeds(from: number, count: number): Promise<(number | null)[]>
  /**
   * The last report of each worker whose `expiresAfterMs` has not passed since its last entry. With
   * more than 100 workers a report may be ten calls old: it is then the same object as before, and
   * must not be changed.
   */
  reports(): Promise<Report[]>
  /** Streams all coins in the wallet. A coin added during the call may be missing. */
  coins(): AsyncIterable<Coin>
  /** The number of coins in the wallet, and of those counted while it was full. */
  coinCounts(): Promise<CoinCounts>
  /** The sums that an audit compares, read atomically because workers may record meanwhile. */
  sums(): Promise<Sums>
  /** Resolves when the store replies. */
  ping(): Promise<void>
  /** Closes the store at once; pending calls reject. */
  close(): Promise<void>
}

export interface Totals {
  /** The counter, which foreign workers increase too. */
  hashes: number
  coins: number
  /** The hashes of all entries; `hashes - recorded` is the number of foreign hashes. */
  recorded: number
}

export interface CoinCounts {
  /** Coins that the wallet holds. */
  kept: number
  /** Coins that were counted while the wallet was full. */
  unkept: number
}

export interface Sums {
  /** The counter, which foreign workers increase too. */
  hashes: number
  /** The hashes of all entries, added up worker by worker. */
  entries: number
  /** The coins of all entries, added up worker by worker; one brought twice counts twice. */
  coins: number
}

/** A digest that begins with '0', and the bytes that it is the SHA-256 of. */
export interface Coin {
  /** 64 lower-case hexadecimal digits. */
  digest: string
  bytes: Uint8Array
}

/** The work of one worker since its previous entry. Moments are in milliseconds since the epoch. */
export interface Entry {
  /** UUID of the worker process, new at each start. */
  worker: string
  /** 1, 2, 3… within the worker. */
  sequence: number
  /** Of the units completed between `from` and `to`, both moments at which a unit ended. */
  hashes: number
  from: number
  to: number
  coins: Coin[]
  /** Absent in a worker's last entry: it then no longer runs. */
  report?: Report
}

/** A worker's settings and where its time went, for the dashboard. Times are in milliseconds. */
export interface Report extends Pick<Entry, 'worker' | 'from' | 'to' | 'hashes'> {
  hostname: string
  /** Of the source that the worker was built from; "unknown" where it is not set. */
  revision: string
  loops: number
  /** 1, or `BATCH`. */
  hashesPerUnit: number
  /** The worker counts as running for this long after the report. */
  expiresAfterMs: number
  /**
   * Of an entry without a unit: `from`, `to` and all sums are those of the last entry with one. A
   * worker of an older version does not report it.
   */
  isRepeated?: boolean | undefined
  /** Sum over all units. */
  pauseMs: number
  /** How long one pause is set to be; absent or 0 if unknown or without a pause. */
  delayMs?: number
  rng: UpstreamReport
  hasher: UpstreamReport
  /**
   * The coins of the entry and of the last `expiresAfterMs`, newest first; eight at most. A worker of
   * an older version repeats its last eight.
   */
  latestCoins: { digest: string; at: number }[]
}

/** Sums over the requests answered, in milliseconds. */
export interface UpstreamReport {
  queueMs: number
  workMs: number
  networkMs: number
  /** Requests that a replica serves at a time, from its newest response; 0 if unknown. */
  concurrency: number
  /** Requests that were refused because a queue was full; a worker of an older version does not report it. */
  refused?: number
  /** How many requests each replica (X-Served-By) answered. */
  replicas: Record<string, number>
  /** Replicas that the worker cannot reach now: the last known name, or address and port. */
  notResponding: string[]
  /** A fault on purpose of a replica, such as "errors 10 %". */
  fault?: string | undefined
}
