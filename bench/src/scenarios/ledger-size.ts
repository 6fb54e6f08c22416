import { randomBytes, randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { openLedger, type Entry, type Ledger } from '@dockercoins/ledger'
import { sampleEntry } from '@dockercoins/testing/sample-entry'
import { createClient } from '@redis/client'

import type { Scenario } from '../scenario.ts'

const BATCHES = 100
const COINS = 1000

export const ledgerSize: Scenario = {
  about: 'bytes that a coin takes in each ledger, and how long recording a batch of 1,000 coins takes',
  async run({ processes, redisUrl, add }) {
    const file = `${processes.folder}/size-${randomUUID()}.db`
    const sqlite = await openLedger({ ledgerUrl: `file:${file}`, keyPrefix: '' })
    add('SQLite, a batch of 1,000 coins', 'ms', await recordAll(sqlite))
    await sqlite.close()
    add('SQLite, a coin in the file', 'bytes', statSync(file).size / (BATCHES * COINS))
    if (redisUrl === undefined) return

    const client = createClient({ url: redisUrl })
    await client.connect()
    await client.flushDb()
    const memory = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])
    const before = await memory()
    const redis = await openLedger({ ledgerUrl: redisUrl, keyPrefix: '' })
    await redis.ping().catch(() => sleep(100))
    add('Redis, a batch of 1,000 coins', 'ms', await recordAll(redis))
    add('Redis, a coin in memory', 'bytes', ((await memory()) - before) / (BATCHES * COINS))
    await client.flushDb()
    await redis.close()
    client.destroy()
  },
}

/** Records batches of made-up coins, and gives how long one took on average, in milliseconds. */
async function recordAll(ledger: Ledger): Promise<number> {
  const worker = randomUUID()
  const made = Array.from({ length: BATCHES }, (_, index) => batchOf(worker, index + 1))
  const beganAt = performance.now()
  for (const batch of made) await ledger.record(batch)
  return (performance.now() - beganAt) / BATCHES
}

function batchOf(worker: string, sequence: number): Entry {
  const coins = Array.from({ length: COINS }, () => ({
    digest: `0${randomBytes(32).toString('hex').slice(1)}`,
    bytes: randomBytes(32),
  }))
  return sampleEntry({ worker, sequence, hashes: 16 * COINS, coins })
}
