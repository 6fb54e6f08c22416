/**
 * Where hashes and coins are counted. Redis and SQLite pass one contract suite. Every method
 * rejects when the store cannot be reached or does not reply in time. `record` may then have been
 * applied or not; it is safe to call again with the same entry.
 */
export interface Ledger {
  /**
   * Counts an entry exactly once. Changes nothing and resolves to 'duplicate' if the worker's last
   * sequence number is not below the entry's.
   */
  record(entry: Entry): Promise<'recorded' | 'duplicate'>
  /** The counters, 0 in an empty ledger. Coins count whether the wallet keeps them or not. */
  totals(): Promise<Totals>
  /**
   * The measured speed, in hashes per second, of `count` whole seconds from `from` (seconds since
   * the epoch). 0: no hash was computed. null: the speed is not known, because the second is before
   * the first entry or is no longer kept.
   */
  speeds(from: number, count: number): Promise<(number | null)[]>
  /**
   * The last report of each running worker: its `expiresAfterMs` has not passed since its last
   * entry.
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
  /**
   * The hashes of all entries ever recorded; `hashes - recorded` is the number of foreign hashes.
   */
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
  /**
   * The coins that all entries brought, added up worker by worker; a coin that was brought twice
   * counts twice.
   */
  coins: number
}

/** A digest that begins with '0', and the bytes that it is the SHA-256 of. */
export interface Coin {
  /** 64 lower-case hexadecimal digits. */
  digest: string
  bytes: Uint8Array
}

/** The work of one worker since its previous entry. */
export interface Entry {
  /** UUID of the worker process, new at each start. */
  worker: string
  /** 1, 2, 3… within the worker. */
  sequence: number
  /**
   * Units completed between `from` and `to`, both moments at which a unit ended (milliseconds since
   * the epoch).
   */
  hashes: number
  from: number
  to: number
  coins: Coin[]
  /** Absent in a worker's last entry: it then no longer runs. */
  report?: Report
}

/** A worker's settings and where its time went, for the dashboard. */
export interface Report {
  worker: string
  hostname: string
  loops: number
  /** Covers the units completed between these two moments (milliseconds since the epoch). */
  from: number
  to: number
  hashes: number
  /** 1, or `BATCH`. */
  hashesPerUnit: number
  /** The worker counts as running for this long after the report, in milliseconds. */
  expiresAfterMs: number
  /** Sums over all units, in milliseconds. */
  pauseMs: number
  /**
   * How long one pause is set to be, in milliseconds; absent or 0 where that is not known or there
   * is no pause.
   */
  delayMs?: number
  rng: UpstreamReport
  hasher: UpstreamReport
  /** A few, newest first: when the worker found them, in milliseconds since the epoch. */
  latestCoins: { digest: string; at: number }[]
}

/**
 * Sums over the requests answered, in milliseconds, and how many each replica (X-Served-By)
 * answered.
 */
export interface UpstreamReport {
  queueMs: number
  workMs: number
  networkMs: number
  /** Requests that a replica serves at a time, from its newest response; 0 if unknown. */
  concurrency: number
  replicas: Record<string, number>
  /** Replicas that the worker cannot reach now: the last known name, or address and port. */
  notResponding: string[]
}
