import * as v from 'valibot'

import { checkBatch, checkSeconds } from './check-batch.ts'
import { fileOf } from './file-url.ts'
import type { Batch, Coin, CoinCounts, Ledger } from './ledger.ts'
import { KEEP_S, MILLIONTHS, spread } from './spread.ts'
import { openFile } from './sqlite-file.ts'
import { createTables, prepareStatements, tablesUnder, type Statements } from './sqlite-schema.ts'
import { parseReports, rows } from './stored.ts'

/** Coins to a page while the wallet is streamed: between two pages others get their turn. */
const PAGE = 1000

/** A ledger in one file, shared by all processes of this machine. Rejects when the file cannot be opened. */
export async function openSqlite(url: string, keyPrefix: string, maxCoins: number): Promise<Ledger> {
  const path = fileOf(url)
  if (path === undefined) throw new Error(`expected the ledger's URL to be file:PATH, got ${url}`)
  const file = await openFile(path)
  const tables = tablesUnder(keyPrefix)
  const statements = await file
    .call((db) => {
      createTables(db, tables)
      return prepareStatements(db, tables)
    })
    .catch((error: unknown) => {
      file.close()
      throw error
    })
  const read = <T>(schema: v.GenericSchema<unknown, T>, question: (statements: Statements) => unknown) =>
    file.call(() => v.parse(schema, question(statements)))

  return {
    async record(batch) {
      checkBatch(batch)
      return file.call((db) => {
        db.exec('BEGIN IMMEDIATE')
        const outcome = apply(statements, batch, maxCoins, Date.now())
        db.exec('COMMIT')
        return outcome
      })
    },
    async totals() {
      return read(rows.totals, (sql) => sql.totals.get())
    },
    async speeds(from, count) {
      checkSeconds(from, count)
      const shares = await read(rows.shares, (sql) => sql.shares.all(from, from + count))
      const speeds = Array.from({ length: count }, () => 0)
      for (const { second, millionths } of shares) speeds[second - from] = millionths / MILLIONTHS
      return speeds
    },
    async reports() {
      const found = await read(rows.reports, (sql) => sql.reports.all(Date.now()))
      return parseReports(found.map(({ report }) => report))
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

/** Counts a batch once, within a transaction: the same steps as the script for Redis (redis-scripts.ts). */
function apply(sql: Statements, batch: Batch, maxCoins: number, now: number): 'recorded' | 'already' {
  const { worker, sequence, hashes, report } = batch
  const last = v.parse(rows.last, sql.lastSequence.get(worker))
  if (last && sequence <= last.sequence) return 'already'

  const { kept, unkept } = addCoins(sql, batch.coins, maxCoins)
  sql.addTotals.run(hashes, kept + unkept)
  if (unkept > 0) sql.addUnkept.run(unkept)
  sql.addBatch.run(worker, sequence, hashes)
  for (const { second, millionths } of spread(batch)) sql.addShare.run(second, millionths)
  sql.dropShares.run(Math.floor(now / 1000) - KEEP_S)
  sql.dropWorkers.run(worker, now)
  if (report) sql.putWorker.run(worker, now + report.expiresAfterMs, JSON.stringify(report))
  return 'recorded'
}

/** Keeps what there is room for. A coin that is in the wallet already is no new one; its last bytes win, as in Redis. */
function addCoins(sql: Statements, coins: Coin[], maxCoins: number): CoinCounts {
  const room = maxCoins - v.parse(rows.coinCounts, sql.coinCounts.get()).kept
  const added: CoinCounts = { kept: 0, unkept: 0 }
  for (const { digest, bytes } of coins) {
    if (added.kept < room && sql.addCoin.run(digest, bytes).changes === 1) added.kept++
    else if (sql.replaceCoin.run(digest, bytes).changes === 0) added.unkept++
  }
  return added
}
