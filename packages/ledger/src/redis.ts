import { RESP_TYPES } from '@redis/client'

import { checkBatch, checkSeconds } from './check-batch.ts'
import type { Batch, Coin, CoinCounts, Ledger, Report } from './ledger.ts'
import { connectRedis, type Client, type Connection } from './redis-connection.ts'
import { MILLIONTHS, spread } from './spread.ts'
import { parseReports } from './stored.ts'

/** Coins to a reply while the wallet is streamed. */
const PAGE = 1000

/** A ledger in Redis or Valkey. Connects in the background; until then, and whenever it is away, calls reject. */
export function openRedis(url: string, keyPrefix: string, maxCoins: number): Ledger {
  const redis = connectRedis(url)
  const keys = keysUnder(keyPrefix)
  return {
    async record(batch) {
      checkBatch(batch)
      const { keysOfBatch, values } = toScript(batch, keys, maxCoins)
      const applied = await redis.call((client) => client.recordBatch(keysOfBatch, values))
      return applied === 1 ? 'recorded' : 'already'
    },
    async totals() {
      const [hashes, { kept, unkept }] = await redis.call((client) =>
        Promise.all([client.get(keys.hashes), countCoins(client, keys)]),
      )
      return { hashes: toCount(keys.hashes, hashes ?? '0'), coins: kept + unkept }
    },
    async speeds(from, count) {
      checkSeconds(from, count)
      const minutes = Array.from({ length: Math.ceil(count / 60) + 1 }, (_, i) => minuteOf(from) + i)
      const buckets = await redis.call((client) =>
        Promise.all(minutes.map((minute) => client.hGetAll(keys.speed(minute)))),
      )
      const millionths: Record<string, string> = Object.assign({}, ...buckets)
      return Array.from({ length: count }, (_, i) => toMillionths(millionths[from + i]) / MILLIONTHS)
    },
    reports: () => redis.call((client) => readReports(client, keys)),
    coins: () => readCoins(redis, keys.wallet),
    coinCounts: () => redis.call((client) => countCoins(client, keys)),
    async sums() {
      const [hashes = '0', batches = '0'] = await redis.call((client) => client.readSums([keys.hashes, keys.batches]))
      return { hashes: toCount(keys.hashes, hashes), batches: Number(batches) }
    },
    async ping() {
      await redis.call((client) => client.ping())
    },
    close: () => redis.close(),
  }
}

type Keys = ReturnType<typeof keysUnder>

/** `hashes` and `wallet` are the classic's, so that its worker and web UI can share the store; the others are ours. */
function keysUnder(prefix: string) {
  return {
    hashes: `${prefix}hashes`,
    wallet: `${prefix}wallet`,
    batches: `${prefix}batches`,
    workers: `${prefix}workers`,
    unkept: `${prefix}unkept`,
    report: (worker: string) => `${prefix}report:${worker}`,
    speed: (minute: number) => `${prefix}speed:${minute}`,
  }
}

function minuteOf(second: number): number {
  return Math.floor(second / 60)
}

/** The batch as the script's keys and arguments (redis-scripts.ts). */
function toScript(batch: Batch, keys: Keys, maxCoins: number): { keysOfBatch: string[]; values: (string | Buffer)[] } {
  const { worker, sequence, hashes, coins, report } = batch
  const keysOfBatch = [keys.hashes, keys.wallet, keys.batches, keys.workers, keys.report(worker), keys.unkept]
  const shares = spread(batch)
  const values: (string | Buffer)[] = [worker, `${sequence}`, `${hashes}`, `${report?.expiresAfterMs ?? 0}`]
  values.push(report ? JSON.stringify(report) : '', `${shares.length}`, `${maxCoins}`)
  for (const { second, millionths } of shares) {
    const key = keys.speed(minuteOf(second))
    if (keysOfBatch.at(-1) !== key) keysOfBatch.push(key)
    values.push(`${keysOfBatch.length}`, `${second}`, `${millionths}`)
  }
  for (const { digest, bytes } of coins) {
    values.push(digest, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }
  return { keysOfBatch, values }
}

async function countCoins(client: Client, keys: Keys): Promise<CoinCounts> {
  const [kept, unkept] = await Promise.all([client.hLen(keys.wallet), client.get(keys.unkept)])
  return { kept, unkept: toCount(keys.unkept, unkept ?? '0') }
}

async function readReports(client: Client, keys: Keys): Promise<Report[]> {
  const workers = await client.zRange(keys.workers, 0, -1)
  if (workers.length === 0) return []
  const reports = await client.mGet(workers.map(keys.report))
  // The report of a worker that died has expired, although the worker is listed until somebody records again.
  return parseReports(reports)
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

/** What is no number counts as nothing: somebody else wrote it. */
function toMillionths(text = '0'): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : 0
}

function toCount(key: string, value: string): number {
  if (/^-?\d{1,19}$/.test(value)) return Number(value)
  throw new Error(`expected key '${key}' to be an integer, found ${JSON.stringify(value.slice(0, 40))}`)
}
