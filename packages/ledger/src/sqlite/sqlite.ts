import * as v from 'valibot'

import { checkEntry, checkSeconds } from '../check.ts'
import { fileOf } from '../file-url.ts'
import type { Entry, Coin, CoinCounts, Ledger } from '../ledger.ts'
import { HISTORY_S, MILLIONTHS, spread } from '../spread.ts'
import { openFile } from './file.ts'
import { watchRunning } from './running-workers.ts'
import { createTables, prepareStatements, rows, tablesUnder, type Statements } from './schema.ts'

/** Coins to a page while the wallet is streamed: between two pages others get their turn. */
const PAGE = 1000

/**
 * The newest seconds for which the speed is kept: an hour, and hours more for clocks that are ahead
 * or behind.
 */
const KEPT_SECONDS = 8 * HISTORY_S
/**
 * How long the report of a worker that was killed stays in the file, by the clock of a worker that
 * records.
 */
const KEPT_REPORT_MS = KEPT_SECONDS * 1000
/**
 * One in so many of a worker's entries, the first included, also deletes rows that are no longer
 * needed.
 */
const ENTRIES_TO_TIDY = 60

/**
 * A ledger in one file, shared by all processes of this machine. Rejects where no waiting would
 * help: the URL names no file, the file is no database, or permission is missing.
 */
export async function openSqlite(url: string, keyPrefix: string, maxCoins: number): Promise<Ledger> {
  const path = fileOf(url)
  if (path === undefined) throw new Error(`expected the ledger's URL to be file:PATH, got ${url}`)
  const tables = tablesUnder(keyPrefix)
  const file = openFile(path, (db) => {
    createTables(db, tables)
    return prepareStatements(db, tables)
  })
  const runningOf = watchRunning()
  const read = <T>(schema: v.GenericSchema<unknown, T>, question: (statements: Statements) => unknown) =>
    file.call((statements) => v.parse(schema, question(statements)))

  return {
    async record(entry) {
      checkEntry(entry)
      return file.call((statements, db) => {
        db.exec('BEGIN IMMEDIATE')
        const outcome = apply(statements, entry, maxCoins)
        db.exec('COMMIT')
        return outcome
      })
    },
    async totals() {
      return read(rows.totals, (sql) => sql.totals.get())
    },
    async speeds(from, count) {
      checkSeconds(from, count)
      const { second: first } = await read(rows.firstSecond, (sql) => sql.firstSecond.get())
      const shares = await read(rows.shares, (sql) => sql.shares.all(from, from + count))
      const speeds = Array.from<unknown, number | null>({ length: count }, (_, i) =>
        first === null || from + i < first ? null : 0,
      )
      for (const { second, millionths } of shares) speeds[second - from] = millionths / MILLIONTHS
      return speeds
    },
    async reports() {
      return runningOf(await read(rows.reports, (sql) => sql.reports.all()))
    },
    async *coins() {
      let last = ''
      for (;;) {
        const after = last
        const page = await read(rows.coins, (sql) => sql.coins.all(after, PAGE))
        yield* page
        const end = page.at(-1)
        if (!end) return
        last = end.digest
      }
    },
    async coinCounts() {
      return read(rows.coinCounts, (sql) => sql.coinCounts.get())
    },
    async sums() {
      return read(rows.sums, (sql) => sql.sums.get())
    },
    async ping() {
      await read(rows.totals, (sql) => sql.totals.get())
    },
    async close() {
      file.close()
    },
  }
}

/** Counts an entry once, within a transaction. */
function apply(sql: Statements, entry: Entry, maxCoins: number): 'recorded' | 'duplicate' {
  const { worker, sequence, hashes, coins, to, report } = entry
  const last = v.parse(rows.last, sql.lastSequence.get(worker))
  if (last && sequence <= last.sequence) return 'duplicate'

  const { kept, unkept } = addCoins(sql, coins, maxCoins)
  sql.addTotals.run(hashes, kept + unkept)
  if (unkept > 0) sql.addUnkept.run(unkept)
  if (coins.length > 0) sql.addFound.run(worker, coins.length)
  sql.addEntry.run(worker, sequence, hashes)
  for (const { second, millionths } of spread(entry)) sql.addShare.run(second, millionths)
  // An entry without hashes also marks its second: the speed was 0 then, which is not the same as
  // unknown.
  if (hashes === 0) sql.addShare.run(Math.floor(to / 1000), 0)
  const now = Date.now()
  if (report) sql.putWorker.run(worker, now + report.expiresAfterMs, JSON.stringify(report))
  else sql.dropWorker.run(worker)
  if (sequence % ENTRIES_TO_TIDY === 1) {
    sql.dropShares.run(KEPT_SECONDS)
    sql.dropWorkers.run(now - KEPT_REPORT_MS)
  }
  return 'recorded'
}

/**
 * Keeps what there is room for. A coin that is in the wallet already is no new one; its last bytes
 * win, as in Redis.
 */
function addCoins(sql: Statements, coins: Coin[], maxCoins: number): CoinCounts {
  const room = maxCoins - v.parse(rows.coinCounts, sql.coinCounts.get()).kept
  const added: CoinCounts = { kept: 0, unkept: 0 }
  for (const { digest, bytes } of coins) {
    if (added.kept < room && sql.addCoin.run(digest, bytes).changes === 1) added.kept++
    else if (sql.replaceCoin.run(digest, bytes).changes === 0) added.unkept++
  }
  return added
}
