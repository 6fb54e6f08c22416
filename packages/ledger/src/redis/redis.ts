import { RESP_TYPES } from '@redis/client'

import { checkEntry, checkSeconds } from '../check-entry.ts'
import type { Entry, Coin, CoinCounts, Ledger, Report } from '../ledger.ts'
import { parseReports } from '../stored.ts'
import { connectRedis, type Client, type Connection } from './connection.ts'
import { readSpeeds, slotsFrom, slotsOf } from './speeds.ts'

/** Coins to a reply while the wallet is streamed. */
const PAGE = 1000

/** Coins to a script: Lua passes a few thousand values at most to one command. */
const CHUNK = 1000

/**
 * A ledger in Redis (7.0 or newer) or Valkey. Connects in the background; until then, and whenever the server cannot be
 * reached, calls reject. `warn` gets a line about a server that works and may lose data.
 */
export function openRedis(url: string, keyPrefix: string, maxCoins: number, warn: (line: string) => void): Ledger {
  let warned = false
  const redis = connectRedis(url, async (client) => {
    const line = warned ? undefined : await describeEviction(client)
    if (line === undefined || warned) return
    warned = true
    warn(line)
  })
  const keys = keysUnder(keyPrefix)
  const sealed = new WeakSet<Client>()

  async function seal(client: Client): Promise<void> {
    if (sealed.has(client)) return
    await client.seal([keys.hashes, keys.unkept, keys.batches, keys.batchesCopy, keys.coinsBefore, keys.wallet])
    sealed.add(client)
  }

  return {
    async record(entry) {
      checkEntry(entry)
      const applied = await redis.call(async (client) => {
        await seal(client)
        return recordEntry(client, keys, entry, maxCoins)
      })
      return applied === 1 ? 'recorded' : 'already'
    },
    async totals() {
      const { hashes, recorded, unkept, wallet, batches } = keys
      const [total = '0', ofEntries, beyond = '0', kept] = await redis.call((client) =>
        client.readTotals([hashes, recorded, unkept, wallet, batches]),
      )
      const coins = Number(kept) + toCount(unkept, beyond)
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
    coinCounts: () => redis.call((client) => countCoins(client, keys)),
    async sums() {
      const { hashes, entries, batches, coinsBefore } = keys
      const [total = '0', ofEntries, coins] = await redis.call((client) =>
        client.readSums([hashes, entries, batches, coinsBefore], [keys.entry('')]),
      )
      return { hashes: toCount(hashes, total), entries: Number(ofEntries), coins: Number(coins) }
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
    recorded: `${prefix}recorded`,
    unkept: `${prefix}unkept`,
    since: `${prefix}since`,
    coinsBefore: `${prefix}coins-before`,
    entries: `${prefix}entries`,
    entry: (worker: string) => `${prefix}entry:${worker}`,
    slot: (slot: number) => `${prefix}measured:${slot}`,
    workers: `${prefix}workers`,
    report: (worker: string) => `${prefix}report:${worker}`,
    // A 0.1 ledger's.
    batches: `${prefix}batches`,
    batchesCopy: `${prefix}batches-copy`,
  }
}

/**
 * Records an entry in two round trips. What precedes the commit is harmless without it and is repeated when the entry is sent
 * again. What follows the commit is not needed for the count: an error there is ignored, and the next entry brings
 * another report.
 */
async function recordEntry(client: Client, keys: Keys, entry: Entry, maxCoins: number): Promise<number> {
  const { worker, sequence, hashes, from, coins, report } = entry
  const entryKey = keys.entry(worker)
  const prepared: Promise<unknown>[] = [client.sAdd(keys.entries, worker)]
  for (let i = 0; i < coins.length; i += CHUNK) {
    const values = coins.slice(i, i + CHUNK).flatMap(({ digest, bytes }) => [digest, toBuffer(bytes)])
    prepared.push(client.keepCoins([keys.wallet, entryKey], [`${sequence}`, `${maxCoins}`, ...values]))
  }
  await Promise.all(prepared)

  const slots = slotsOf(entry)
  const slotKeys = slots.map(({ slot }) => keys.slot(slot))
  const committed = client.commit(
    [keys.hashes, keys.recorded, keys.unkept, keys.since, keys.wallet, entryKey, ...slotKeys],
    [
      `${sequence}`,
      `${hashes}`,
      `${Math.floor(from / 1000)}`,
      ...slots.map(({ text }) => text),
      ...coins.map(({ digest }) => digest),
    ],
  )
  const expires = `${report?.expiresAfterMs ?? 0}`
  const followed = [
    client.putReport([entryKey, keys.report(worker)], [`${sequence}`, expires, report ? JSON.stringify(report) : '']),
    client.putWorker([entryKey, keys.workers], [`${sequence}`, expires, worker]),
    client.dropWorkers([entryKey, keys.workers], [`${sequence}`]),
  ]
  const [applied] = await Promise.all([committed, Promise.allSettled(followed)])
  return applied
}

function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** What to warn of when the server evicts keys once its memory is full. A server that does not say is trusted. */
async function describeEviction(client: Client): Promise<string | undefined> {
  const info = await client.info('memory').catch(() => '')
  const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(info)?.[1]
  if (policy === undefined || /^maxmemory:0\s/m.test(info)) return undefined
  return `Redis may evict the ledger's keys when its memory is full: expected maxmemory-policy noeviction, found ${policy}`
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

function toCount(key: string, value: string): number {
  if (/^-?\d{1,19}$/.test(value)) return Number(value)
  throw new Error(`expected key '${key}' to be an integer, found ${JSON.stringify(value.slice(0, 40))}`)
}
