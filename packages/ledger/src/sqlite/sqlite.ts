import { checkEntry, checkSeconds } from '../check.ts'
import type { Coin, CoinCounts, Entry, Ledger } from '../ledger.ts'
import { HISTORY_S, MILLIONTHS, spread } from '../spread.ts'
import { openFile } from './file.ts'
import { watchRunning } from './running-workers.ts'
import { prepare, readAll, readOne, type Statements } from './schema.ts'

/** Coins per page while the wallet is streamed. Other calls run between two pages. */
const PAGE = 1000
/** The speed is kept for this many seconds: an hour, and more for clocks that are ahead or behind. */
const KEPT_SECONDS = 8 * HISTORY_S
/** How long a killed worker's report stays in the file, by the clock of a worker that records. */
const KEPT_REPORT_MS = KEPT_SECONDS * 1000
/** One in so many of a worker's entries, the first included, also deletes what is no longer needed. */
const ENTRIES_TO_TIDY = 60

/**
 * A ledger in one file, shared by all processes of this machine. Throws where waiting would not
 * help: the file is no database, or permission is missing.
 */
export function openSqlite(path: string, keyPrefix: string, maxCoins: number): Ledger {
  const file = openFile(path, (db) => prepare(db, keyPrefix))
  const runningOf = watchRunning()
  const readCoins = (after: string) => file.call((sql) => readAll(sql, 'coins', after, PAGE))

  return {
    async record(entry) {
      checkEntry(entry)
      return file.call((sql) => {
        sql.begin.run()
        const outcome = apply(sql, entry, maxCoins)
        sql.commit.run()
        return outcome
      })
    },
    totals: () => file.call((sql) => readOne(sql, 'totals')),
    coinCounts: () => file.call((sql) => readOne(sql, 'coinCounts')),
    sums: () => file.call((sql) => readOne(sql, 'sums')),
    async speeds(from, count) {
      checkSeconds(from, count)
      return file.call((sql) => {
        const first = readOne(sql, 'firstSecond').first ?? Infinity
        const speeds = Array.from<unknown, number | null>({ length: count }, (_, i) => (from + i < first ? null : 0))
        for (const { second, millionths } of readAll(sql, 'shares', from, from + count)) {
          speeds[second - from] = millionths / MILLIONTHS
        }
        return speeds
      })
    },
    async reports() {
      return runningOf(await file.call((sql) => readAll(sql, 'reports')))
    },
    async *coins() {
      let page = await readCoins('')
      for (let last = page.at(-1); last; last = page.at(-1)) {
        yield* page
        page = await readCoins(last.digest)
      }
    },
    ping: () => file.call((sql) => void sql.totals.get()),
    async close() {
      file.close()
    },
  }
}

/** Counts an entry once, within a transaction. */
function apply(sql: Statements, entry: Entry, maxCoins: number): 'recorded' | 'duplicate' {
  const { worker, sequence, hashes, coins, to, report } = entry
  const [last] = readAll(sql, 'lastEntry', worker)
  if (last && sequence <= last.sequence) return 'duplicate'

  const { kept, unkept } = addCoins(sql, coins, maxCoins)
  sql.addTotals.run(hashes, kept + unkept)
  if (unkept > 0) sql.addUnkept.run(unkept)
  if (coins.length > 0) sql.addFound.run(worker, coins.length)
  sql.addEntry.run(worker, sequence, hashes)
  for (const { second, millionths } of spread(entry)) sql.addShare.run(second, millionths)
  // An entry without hashes also marks its second: the speed was 0, which is not unknown.
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

/** Keeps what there is room for. A coin that the wallet holds gets its newest bytes, as in Redis. */
function addCoins(sql: Statements, coins: Coin[], maxCoins: number): CoinCounts {
  const room = maxCoins - readOne(sql, 'coinCounts').kept
  const added: CoinCounts = { kept: 0, unkept: 0 }
  for (const { digest, bytes } of coins) {
    if (added.kept < room && sql.addCoin.run(digest, bytes).changes === 1) added.kept++
    else if (sql.replaceCoin.run(digest, bytes).changes === 0) added.unkept++
  }
  return added
}
