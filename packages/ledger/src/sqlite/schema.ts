import type { DatabaseSync } from 'node:sqlite'

import * as v from 'valibot'

export type Tables = ReturnType<typeof tablesUnder>

/** The tables' names, quoted for SQL; with a prefix they are the Redis keys' namesakes. */
export function tablesUnder(prefix: string) {
  // SQLite takes `A` and `a` for the same name and reserves those that begin with `sqlite_`: such
  // letters are written as ~41.
  const safe = prefix.replace(/[A-Z~]|^s/g, (letter) => `~${letter.charCodeAt(0).toString(16)}`)
  const table = (name: string) => `"${safe.replaceAll('"', '""')}${name}"`
  return {
    totals: table('totals'),
    wallet: table('wallet'),
    unkept: table('unkept'),
    batches: table('batches'),
    found: table('found'),
    workers: table('workers'),
    speed: table('speed'),
  }
}

/** What each statement returns. */
export const rows = {
  format: v.object({ user_version: v.number() }),
  totals: v.object({ hashes: v.number(), coins: v.number(), recorded: v.number() }),
  coinCounts: v.object({ kept: v.number(), unkept: v.number() }),
  sums: v.object({ hashes: v.number(), entries: v.number(), coins: v.number() }),
  last: v.optional(v.object({ sequence: v.number() })),
  shares: v.array(v.object({ second: v.number(), millionths: v.number() })),
  firstSecond: v.object({ second: v.nullable(v.number()) }),
  reports: v.array(v.object({ worker: v.string(), sequence: v.number(), expiresMs: v.number(), report: v.string() })),
  coins: v.array(v.object({ digest: v.string(), bytes: v.instance(Uint8Array<ArrayBufferLike>) })),
}

/** The file's format, kept as its `user_version`. The first edition left it at 0. */
const FORMAT = 1

/**
 * Creates missing tables. Any number of processes may do so at once, also while a process of the
 * first edition has the file open: it names no columns in its statements, so its tables keep
 * theirs. Throws for a file of a newer format.
 */
export function createTables(
  db: DatabaseSync,
  { totals, wallet, unkept, batches, found, workers, speed }: Tables,
): void {
  const { user_version: format } = v.parse(rows.format, db.prepare('PRAGMA user_version').get())
  if (format > FORMAT) {
    throw new Error(
      `expected a file of format ${FORMAT} or older, got format ${format}: use the newer version of DockerCoins that wrote it`,
    )
  }
  // An acknowledged entry survives a power cut: every commit is written through to the disk.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS ${totals} (
      id INTEGER PRIMARY KEY CHECK (id = 1), hashes INTEGER NOT NULL, coins INTEGER NOT NULL
    ) STRICT;
    INSERT OR IGNORE INTO ${totals} VALUES (1, 0, 0);
    CREATE TABLE IF NOT EXISTS ${wallet} (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS ${unkept} (id INTEGER PRIMARY KEY CHECK (id = 1), coins INTEGER NOT NULL) STRICT;
    INSERT OR IGNORE INTO ${unkept} VALUES (1, 0);
    CREATE TABLE IF NOT EXISTS ${batches} (
      worker TEXT PRIMARY KEY, sequence INTEGER NOT NULL, hashes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS ${found} (
      worker TEXT PRIMARY KEY, coins INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- Coins that the first edition counted, which did not record who found them.
    INSERT OR IGNORE INTO ${found} SELECT '', coins FROM ${totals};
    CREATE TABLE IF NOT EXISTS ${workers} (
      worker TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL, report TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS ${speed} (second INTEGER PRIMARY KEY, millionths INTEGER NOT NULL) STRICT;
    PRAGMA user_version = ${FORMAT};
    COMMIT;
  `)
}

export type Statements = ReturnType<typeof prepareStatements>

/** Everything that is ever asked of the file. */
export function prepareStatements(
  db: DatabaseSync,
  { totals, wallet, unkept, batches, found, workers, speed }: Tables,
) {
  return {
    lastSequence: db.prepare(`SELECT sequence FROM ${batches} WHERE worker = ?`),
    addEntry: db.prepare(
      `INSERT INTO ${batches} VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence, hashes = hashes + excluded.hashes`,
    ),
    addFound: db.prepare(`INSERT INTO ${found} VALUES (?, ?) ON CONFLICT DO UPDATE SET coins = coins + excluded.coins`),
    // Counting the rows of a wallet takes longer the more there are, so coins are counted as they
    // come, kept or not.
    addTotals: db.prepare(`UPDATE ${totals} SET hashes = hashes + ?, coins = coins + ?`),
    addCoin: db.prepare(`INSERT INTO ${wallet} VALUES (?, ?) ON CONFLICT DO NOTHING`),
    addUnkept: db.prepare(`UPDATE ${unkept} SET coins = coins + ?`),
    replaceCoin: db.prepare(`UPDATE ${wallet} SET bytes = ?2 WHERE digest = ?1`),
    addShare: db.prepare(
      `INSERT INTO ${speed} VALUES (?, ?) ON CONFLICT DO UPDATE SET millionths = millionths + excluded.millionths`,
    ),
    dropShares: db.prepare(
      `DELETE FROM ${speed} WHERE second <= (SELECT second FROM ${speed} ORDER BY second DESC LIMIT 1 OFFSET ?)`,
    ),
    putWorker: db.prepare(`INSERT OR REPLACE INTO ${workers} VALUES (?, ?, ?)`),
    dropWorker: db.prepare(`DELETE FROM ${workers} WHERE worker = ?`),
    dropWorkers: db.prepare(`DELETE FROM ${workers} WHERE expires_ms <= ?`),
    totals: db.prepare(
      `SELECT hashes, coins, (SELECT coalesce(sum(hashes), 0) FROM ${batches}) AS recorded FROM ${totals}`,
    ),
    coinCounts: db.prepare(
      `SELECT ${totals}.coins - ${unkept}.coins AS kept, ${unkept}.coins AS unkept FROM ${totals}, ${unkept}`,
    ),
    firstSecond: db.prepare(`SELECT min(second) AS second FROM ${speed}`),
    shares: db.prepare(`SELECT second, millionths FROM ${speed} WHERE second >= ? AND second < ?`),
    reports: db.prepare(
      `SELECT worker, sequence, expires_ms AS expiresMs, report FROM ${workers} JOIN ${batches} USING (worker)
       ORDER BY expires_ms`,
    ),
    coins: db.prepare(`SELECT digest, bytes FROM ${wallet} WHERE digest > ? ORDER BY digest LIMIT ?`),
    sums: db.prepare(
      `SELECT hashes, (SELECT coalesce(sum(hashes), 0) FROM ${batches}) AS entries,
         (SELECT sum(coins) FROM ${found}) AS coins
       FROM ${totals}`,
    ),
  }
}
