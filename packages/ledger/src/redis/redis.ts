import { RESP_TYPES } from '@redis/client'

import { checkEntry, checkSeconds } from '../check.ts'
import type { Coin, Ledger, Report } from '../ledger.ts'
import { parseReports } from '../stored-reports.ts'
import { connectRedis, type Client, type Connection } from './connection.ts'
import { recordEntry } from './record.ts'
import { keysUnder, type Keys } from './scripts.ts'
import { readSpeeds, slotsFrom } from './speeds.ts'

/** Coins per reply while the wallet is streamed. */
const PAGE = 1000
/** The known reports that a call reads again, at least. Of more workers each is read within ten calls. */
const MIN_REREAD = 100
const CALLS_PER_ROUND = 10

/** A ledger in Redis (7.0 or newer) or Valkey. `warn` gets a line about a server that may lose data. */
export function openRedis(url: string, keyPrefix: string, maxCoins: number, warn: (line: string) => void): Ledger {
  const keys = keysUnder(keyPrefix)
  let hasWarned = false
  const redis = connectRedis(url, async (client) => {
    const line = await describeEviction(client)
    if (line !== undefined && !hasWarned) warn(line)
    hasWarned ||= line !== undefined
  })

  async function readTotals() {
    const numbers = await redis.call((client) => client.readTotals(keys.ofScript()))
    const [hashes = 0, recorded = 0, kept = 0, unkept = 0] = numbers.map(Number)
    return { hashes, recorded, kept, unkept }
  }

  return {
    async record(entry) {
      checkEntry(entry)
      return redis.call((client) => recordEntry(client, keys, entry, maxCoins))
    },
    async totals() {
      const { hashes, recorded, kept, unkept } = await readTotals()
      return { hashes, coins: kept + unkept, recorded }
    },
    async coinCounts() {
      const { kept, unkept } = await readTotals()
      return { kept, unkept }
    },
    async sums() {
      const numbers = await redis.call((client) => client.readSums(keys.ofScript()))
      const [hashes = 0, entries = 0, coins = 0] = numbers.map(Number)
      return { hashes, entries, coins }
    },
    async speeds(from, count) {
      checkSeconds(from, count)
      const slots = slotsFrom(from, count).map(keys.slot)
      const [since, ...texts] = await redis.call((client) => client.mGet([keys.since, ...slots]))
      return readSpeeds(from, count, Number(since ?? Infinity), texts)
    },
    reports: createReportReader(redis, keys),
    coins: () => readCoins(redis, keys.wallet),
    ping: () => redis.call(async (client) => void (await client.ping())),
    close: () => redis.close(),
  }
}

/**
 * Returns a reader of the running workers' reports. Each call reads those of new workers, and the
 * next of the known ones in turn.
 */
function createReportReader(redis: Connection, keys: Keys): () => Promise<Report[]> {
  /** In the order in which they were read. */
  const known = new Map<string, Report>()

  return async () => {
    const workers = new Set(await redis.call((client) => client.readWorkers(keys.ofScript())))
    for (const worker of known.keys()) if (!workers.has(worker)) known.delete(worker)
    const again = [...known.keys().take(Math.max(MIN_REREAD, Math.ceil(workers.size / CALLS_PER_ROUND)))]
    const next = [...workers.difference(known), ...again]
    if (next.length === 0) return []
    const texts = await redis.call((client) => client.mGet(next.map(keys.report)))
    // A report may have expired since the list was read.
    for (const worker of again) known.delete(worker)
    const reports = parseReports(texts, next.length / workers.size)
    // A report without a unit is read again by the next call, because the next one says more.
    for (const report of reports) if (report.hashes > 0) known.set(report.worker, report)
    return [...known.values(), ...reports.filter(({ hashes }) => hashes === 0)]
  }
}

/** The warning about a server that evicts keys when its memory is full, where INFO shows that it may. */
async function describeEviction(client: Client): Promise<string | undefined> {
  const info = await client.info('memory').catch(() => '')
  const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(info)?.[1]
  if (policy === undefined || /^maxmemory:0\s/m.test(info)) return undefined
  return `Redis may evict the ledger's keys when its memory is full: expected maxmemory-policy noeviction, found ${policy}`
}

async function* readCoins(redis: Connection, wallet: string): AsyncGenerator<Coin> {
  let cursor = '0'
  do {
    const page = await redis.call((client) =>
      client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).hScan(wallet, cursor, { COUNT: PAGE }),
    )
    for (const { field, value } of page.entries) yield { digest: field.toString(), bytes: value }
    cursor = page.cursor.toString()
  } while (cursor !== '0')
}
