import type { DatabaseSync } from 'node:sqlite'

export type Tables = ReturnType<typeof tablesUnder>

/** The tables' names, quoted for SQL; with a prefix they are the Redis keys' namesakes. */
export function tablesUnder(prefix: string) {
  // SQLite takes `A` and `a` for the same name and reserves those that begin with `sqlite_`: such letters are written as ~41.
  const safe = prefix.replace(/[A-Z~]|^s/g, (letter) => `~${letter.charCodeAt(0).toString(16)}`)
  const table = (name: string) => `"${safe.replaceAll('"', '""')}${name}"`
  return {
    totals: table('totals'),
    wallet: table('wallet'),
    unkept: table('unkept'),
    batches: table('batches'),
    workers: table('workers'),
    speed: table('speed'),
  }
}

/** Creates what is missing. Any number of processes may do so at once. */
export function createTables(db: DatabaseSync, { totals, wallet, unkept, batches, workers, speed }: Tables): void {
  // An acknowledged batch survives a power cut: every commit is written through to the disk.
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
    CREATE TABLE IF NOT EXISTS ${workers} (
      worker TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL, report TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS ${speed} (second INTEGER PRIMARY KEY, millionths INTEGER NOT NULL) STRICT;
    COMMIT;
  `)
}

export type Statements = ReturnType<typeof prepareStatements>

/** Everything that is ever asked of the file. */
export function prepareStatements(db: DatabaseSync, { totals, wallet, unkept, batches, workers, speed }: Tables) {
  return {
    lastSequence: db.prepare(`SELECT sequence FROM ${batches} WHERE worker = ?`),
    addBatch: db.prepare(
      `INSERT INTO ${batches} VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence, hashes = hashes + excluded.hashes`,
    ),
    // Counting the rows of a wallet takes longer the more there are, so coins are counted as they come, kept or not.
    addTotals: db.prepare(`UPDATE ${totals} SET hashes = hashes + ?, coins = coins + ?`),
    addCoin: db.prepare(`INSERT INTO ${wallet} VALUES (?, ?) ON CONFLICT DO NOTHING`),
    addUnkept: db.prepare(`UPDATE ${unkept} SET coins = coins + ?`),
    replaceCoin: db.prepare(`UPDATE ${wallet} SET bytes = ?2 WHERE digest = ?1`),
    addShare: db.prepare(
      `INSERT INTO ${speed} VALUES (?, ?) ON CONFLICT DO UPDATE SET millionths = millionths + excluded.millionths`,
    ),
    dropShares: db.prepare(`DELETE FROM ${speed} WHERE second < ?`),
    putWorker: db.prepare(`INSERT OR REPLACE INTO ${workers} VALUES (?, ?, ?)`),
    dropWorkers: db.prepare(`DELETE FROM ${workers} WHERE worker = ? OR expires_ms <= ?`),
    totals: db.prepare(
      `SELECT hashes, coins, (SELECT coalesce(sum(hashes), 0) FROM ${batches}) AS recorded FROM ${totals}`,
    ),
    coinCounts: db.prepare(
      `SELECT ${totals}.coins - ${unkept}.coins AS kept, ${unkept}.coins AS unkept FROM ${totals}, ${unkept}`,
    ),
    shares: db.prepare(`SELECT second, millionths FROM ${speed} WHERE second >= ? AND second < ?`),
    reports: db.prepare(`SELECT report FROM ${workers} WHERE expires_ms > ? ORDER BY expires_ms`),
    coins: db.prepare(`SELECT digest, bytes FROM ${wallet} WHERE digest > ? ORDER BY digest LIMIT ?`),
    sums: db.prepare(
      `SELECT hashes, (SELECT coalesce(sum(hashes), 0) FROM ${batches}) AS batches, coins FROM ${totals}`,
    ),
  }
}
