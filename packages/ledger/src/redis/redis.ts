import { RESP_TYPES } from '@redis/client'

import { checkEntry, checkSeconds } from '../check-entry.ts'
import type { Coin, Ledger } from '../ledger.ts'
import { parseReports } from '../stored-reports.ts'
import { connectRedis, type Client, type Connection } from './connection.ts'
import { keysUnder, type Keys } from './keys.ts'
import { recordEntry } from './record.ts'
import { readSpeeds, slotsFrom } from './speeds.ts'

/** Coins per reply while the wallet is streamed. */
const PAGE = 1000

/**
 * A ledger in Redis (7.0 or newer) or Valkey. Calls reject while the server cannot be reached.
 * `warn` gets a line about a server that may lose data.
 */
export function openRedis(url: string, keyPrefix: string, maxCoins: number, warn: (line: string) => void): Ledger {
  const keys = keysUnder(keyPrefix)
  let hasWarned = false
  const redis = connectRedis(url, async (client) => {
    const line = await describeEviction(client)
    if (line !== undefined && !hasWarned) warn(line)
    hasWarned ||= line !== undefined
  })

  return {
    async record(entry) {
      checkEntry(entry)
      return redis.call((client) => recordEntry(client, keys, entry, maxCoins))
    },
    async totals() {
      const { hashes, recorded, unkept, wallet, batches } = keys
      const [total = '0', ofEntries, coinsUnkept = '0', coinsKept] = await redis.call((client) =>
        client.readTotals([hashes, recorded, unkept, wallet, batches]),
      )
      const coins = Number(coinsKept) + toCount(unkept, coinsUnkept)
      return { hashes: toCount(hashes, total), coins, recorded: Number(ofEntries) }
    },
    async speeds(from, count) {
      checkSeconds(from, count)
      const slots = slotsFrom(from, count).map(keys.slot)
      const [since, ...texts] = await redis.call((client) => client.mGet([keys.since, ...slots]))
      return readSpeeds(from, count, Number(since ?? Infinity), texts)
    },
    reports: () => redis.call((client) => readReports(client, keys)),
    coins: () => readCoins(redis, keys.wallet),
    async coinCounts() {
      const read = (client: Client) => Promise.all([client.hLen(keys.wallet), client.get(keys.unkept)])
      const [kept, unkept] = await redis.call(read)
      return { kept, unkept: toCount(keys.unkept, unkept ?? '0') }
    },
    async sums() {
      const { hashes, entries, batches, coinsBefore } = keys
      const [total = '0', ofEntries, coins] = await redis.call((client) =>
        client.readSums([hashes, entries, batches, coinsBefore], { entry: keys.entry('') }),
      )
      return { hashes: toCount(hashes, total), entries: Number(ofEntries), coins: Number(coins) }
    },
    async ping() {
      await redis.call((client) => client.ping())
    },
    close: () => redis.close(),
  }
}

/**
 * The warning about a server that evicts keys when its memory is full; undefined where INFO does
 * not show that it may.
 */
async function describeEviction(client: Client): Promise<string | undefined> {
  const info = await client.info('memory').catch(() => '')
  const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(info)?.[1]
  if (policy === undefined || /^maxmemory:0\s/m.test(info)) return undefined
  return `Redis may evict the ledger's keys when its memory is full: expected maxmemory-policy noeviction, found ${policy}`
}

async function readReports(client: Client, keys: Keys) {
  const workers = await client.zRange(keys.workers, 0, -1)
  if (workers.length === 0) return []
  // The report of a killed worker has expired, although the worker is listed until the next entry.
  return parseReports(await client.mGet(workers.map(keys.report)))
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

function toCount(key: string, value: string): number {
  if (/^-?\d{1,19}$/.test(value)) return Number(value)
  throw new Error(`expected key '${key}' to be an integer, found ${JSON.stringify(value.slice(0, 40))}`)
}
