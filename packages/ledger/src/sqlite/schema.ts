import type { DatabaseSync, StatementSync } from 'node:sqlite'

import type { Coin, CoinCounts, Sums, Totals } from '../ledger.ts'
import type { Share } from '../spread.ts'
import type { StoredReport } from './running-workers.ts'

/** The file's format, kept as its `user_version`. The first edition left it at 0. */
const FORMAT = 1

// In SQL, [name] is a table: `KEY_PREFIX` precedes the name.

// A process of the first edition may have the file open: it names no columns in its statements, so
// its tables keep theirs. `found` with worker '': the coins that it counted.
const TABLES = `
  CREATE TABLE IF NOT EXISTS [totals] (
    id INTEGER PRIMARY KEY CHECK (id = 1), hashes INTEGER NOT NULL, coins INTEGER NOT NULL
  ) STRICT;
  INSERT OR IGNORE INTO [totals] VALUES (1, 0, 0);
  CREATE TABLE IF NOT EXISTS [wallet] (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS [unkept] (id INTEGER PRIMARY KEY CHECK (id = 1), coins INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO [unkept] VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS [batches] (
    worker TEXT PRIMARY KEY, sequence INTEGER NOT NULL, hashes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS [found] (worker TEXT PRIMARY KEY, coins INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT OR IGNORE INTO [found] SELECT '', coins FROM [totals];
  CREATE TABLE IF NOT EXISTS [workers] (
    worker TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL, report TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS [speed] (second INTEGER PRIMARY KEY, millionths INTEGER NOT NULL) STRICT;
`

/** Every statement of a ledger, by the name under which it is called. */
const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  lastEntry: 'SELECT sequence FROM [batches] WHERE worker = ?',
  addEntry: `INSERT INTO [batches] VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET sequence = excluded.sequence, hashes = hashes + excluded.hashes`,
  addFound: 'INSERT INTO [found] VALUES (?, ?) ON CONFLICT DO UPDATE SET coins = coins + excluded.coins',
  // Counting the rows of a wallet takes longer the more there are, so coins are counted as they
  // come, kept or not.
  addTotals: 'UPDATE [totals] SET hashes = hashes + ?, coins = coins + ?',
  addCoin: 'INSERT INTO [wallet] VALUES (?, ?) ON CONFLICT DO NOTHING',
  addUnkept: 'UPDATE [unkept] SET coins = coins + ?',
  replaceCoin: 'UPDATE [wallet] SET bytes = ?2 WHERE digest = ?1',
  addShare: 'INSERT INTO [speed] VALUES (?, ?) ON CONFLICT DO UPDATE SET millionths = millionths + excluded.millionths',
  dropShares: 'DELETE FROM [speed] WHERE second <= (SELECT second FROM [speed] ORDER BY second DESC LIMIT 1 OFFSET ?)',
  putWorker: 'INSERT OR REPLACE INTO [workers] VALUES (?, ?, ?)',
  dropWorker: 'DELETE FROM [workers] WHERE worker = ?',
  dropWorkers: 'DELETE FROM [workers] WHERE expires_ms <= ?',
  totals: 'SELECT hashes, coins, (SELECT coalesce(sum(hashes), 0) FROM [batches]) AS recorded FROM [totals]',
  coinCounts: `SELECT [totals].coins - [unkept].coins AS kept, [unkept].coins AS unkept FROM [totals], [unkept]`,
  sums: `SELECT hashes, (SELECT coalesce(sum(hashes), 0) FROM [batches]) AS entries,
    (SELECT sum(coins) FROM [found]) AS coins FROM [totals]`,
  firstSecond: 'SELECT min(second) AS first FROM [speed]',
  shares: 'SELECT second, millionths FROM [speed] WHERE second >= ? AND second < ?',
  // Newest first: the names of all reports together are bounded.
  reports: `SELECT worker, sequence, expires_ms AS expiresMs, report FROM [workers] JOIN [batches] USING (worker)
    ORDER BY expires_ms DESC`,
  coins: 'SELECT digest, bytes FROM [wallet] WHERE digest > ? ORDER BY digest LIMIT ?',
}

export type Statements = Record<keyof typeof STATEMENTS, StatementSync>

/** A row that each query returns. The tables are STRICT, so their columns have these types. */
interface Rows {
  lastEntry: { sequence: number }
  totals: Totals
  coinCounts: CoinCounts
  sums: Sums
  firstSecond: { first: number | null }
  shares: Share
  reports: StoredReport
  coins: Coin
}

export function readOne<Query extends keyof Rows>(sql: Statements, query: Query): Rows[Query] {
  return { ...sql[query].get() } as unknown as Rows[Query]
}

export function readAll<Query extends keyof Rows>(sql: Statements, query: Query, ...values: (string | number)[]) {
  return sql[query].all(...values) as unknown as Rows[Query][]
}

/**
 * Creates missing tables and prepares all statements. Any number of processes may do so at once.
 * Throws for a file of a newer format.
 */
export function prepare(db: DatabaseSync, prefix: string): Statements {
  // SQLite does not distinguish `A` from `a`, and reserves names that begin with `sqlite_`: such
  // letters are written as ~41.
  const safe = prefix.replace(/[A-Z~]|^s/g, (letter) => `~${letter.charCodeAt(0).toString(16)}`).replaceAll('"', '""')
  const named = (sql: string) => sql.replace(/\[(\w+)\]/g, (_, name) => `"${safe}${name}"`)

  const format = Number(db.prepare('PRAGMA user_version').get()?.user_version)
  if (format > FORMAT) {
    throw new Error(
      `expected a file of format ${FORMAT} or older, got format ${format}: use the newer version of DockerCoins that wrote it`,
    )
  }
  // An acknowledged entry survives a power cut: every commit is written through to the disk.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec(`BEGIN IMMEDIATE; ${named(TABLES)} PRAGMA user_version = ${FORMAT}; COMMIT`)
  return Object.fromEntries(
    Object.entries(STATEMENTS).map(([name, sql]) => [name, db.prepare(named(sql))]),
  ) as Statements
}
