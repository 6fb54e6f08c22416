import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { openLedger, type Entry, type Ledger, type Report } from '@dockercoins/ledger'
import { sampleCoin } from '@dockercoins/testing/sample-entry'

// WORKERS workers that start together and only record, an entry per second each. The first interval is
// random, as in services/worker/src/record.ts. REPLICAS of rng and of hasher respond to them. Some
// share a connection, because thousands of connections would take this process more time than Redis.

const WORKERS_PER_CONNECTION = 50
const INTERVAL_MS = 1000
const HASHES = 3
const LATEST_COINS = 8
const EXPIRES_AFTER_MS = 3500
/** One hash in so many is a coin. */
const COIN_EVERY = 16

const { LEDGER_URL = '', KEY_PREFIX = '', WORKERS = '1', REPLICAS = '1' } = process.env
const latencies: number[] = []

for (let started = 0; started < Number(WORKERS); started += WORKERS_PER_CONNECTION) {
  const ledger = await openLedger({ ledgerUrl: LEDGER_URL, keyPrefix: KEY_PREFIX })
  const sharing = Math.min(WORKERS_PER_CONNECTION, Number(WORKERS) - started)
  for (let each = 0; each < sharing; each++) void work(ledger)
}
// The output is how many milliseconds each entry took.
setInterval(() => process.stdout.write(latencies.splice(0).map(toLine).join('')), INTERVAL_MS)

async function work(ledger: Ledger): Promise<never> {
  const worker = randomUUID()
  const hostname = podName('worker')
  let latestCoins: Report['latestCoins'] = []
  let from = Date.now()
  for (let sequence = 1, dueAt = 0; ; sequence++) {
    await sleep(Math.max(0, dueAt - performance.now()))
    dueAt = performance.now() + INTERVAL_MS * (sequence === 1 ? Math.random() : 1)
    const to = Date.now()
    const coins = Array.from({ length: HASHES }, () => draw(COIN_EVERY)).flatMap((drawn) =>
      drawn === 0 ? [sampleCoin()] : [],
    )
    const recent = latestCoins.filter(({ at }) => at > to - EXPIRES_AFTER_MS)
    latestCoins = [...coins.map(({ digest }) => ({ digest, at: to })), ...recent].slice(0, LATEST_COINS)
    const report = reportOf({ worker, hostname, from, to, latestCoins })
    await recordUntilDone(ledger, { worker, sequence, hashes: HASHES, from, to, coins, report })
    from = to
  }
}

/** A ledger with too many workers responds late, and rejects. */
async function recordUntilDone(ledger: Ledger, entry: Entry): Promise<void> {
  const began = performance.now()
  while ((await ledger.record(entry).catch(() => undefined)) === undefined) await sleep(Math.random() * INTERVAL_MS)
  latencies.push(performance.now() - began)
}

function reportOf(given: Pick<Report, 'worker' | 'hostname' | 'from' | 'to' | 'latestCoins'>): Report {
  const upstream = (name: string) => ({
    queueMs: Math.random() * 30,
    workMs: HASHES * 100 + Math.random(),
    networkMs: Math.random() * 10,
    concurrency: 1,
    refused: 0,
    replicas: Object.fromEntries(Array.from({ length: HASHES }, () => [`${name}-${draw(Number(REPLICAS))}`, 1])),
    notResponding: [],
  })
  return {
    ...given,
    revision: '0123456789abcdef0123456789abcdef01234567',
    loops: 1,
    hashes: HASHES,
    hashesPerUnit: 1,
    expiresAfterMs: EXPIRES_AFTER_MS,
    pauseMs: HASHES * 100 + Math.random(),
    delayMs: 100,
    rng: upstream('rng-7d9c5b6f8'),
    hasher: upstream('hasher-6b8d9f7c4'),
  }
}

/** A name as Kubernetes makes it. */
function podName(service: string): string {
  return `${service}-6c5d8b7f9-${randomBytes(3).toString('hex').slice(0, 5)}`
}

/** 0 to `count` - 1. */
function draw(count: number): number {
  return Math.floor(Math.random() * count)
}

function toLine(ms: number): string {
  return `${ms.toFixed(3)}\n`
}
