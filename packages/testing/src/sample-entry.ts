import { hash, randomBytes, randomUUID } from 'node:crypto'

import type { Entry, Coin, Report } from '@dockercoins/ledger'

/** An entry as a worker sends it, with one second of hashes of a new worker and the fields of `given` replaced. */
export function sampleEntry(given: Partial<Entry> = {}): Entry {
  const to = Date.now()
  const worker = randomUUID()
  return { worker, sequence: 1, hashes: 10, from: to - 1000, to, coins: [], ...given }
}

/** A report of `worker` that expires after a minute, with the fields of `given` replaced. */
export function sampleReport(worker: string, given: Partial<Report> = {}): Report {
  const upstream = {
    queueMs: 629.1,
    workMs: 100.2,
    networkMs: 1.5,
    concurrency: 1,
    refused: 3,
    replicas: { 'rng-1': 6, 'rng-2': 4 },
    notResponding: [],
  }
  const to = Date.now()
  return {
    worker,
    hostname: 'worker-1',
    revision: 'r1',
    loops: 2,
    from: to - 1000,
    to,
    hashes: 10,
    hashesPerUnit: 1,
    expiresAfterMs: 60_000,
    isRepeated: false,
    pauseMs: 100,
    delayMs: 100,
    rng: upstream,
    hasher: { ...upstream, replicas: {} },
    latestCoins: [{ digest: sampleCoin().digest, at: to - 500 }],
    ...given,
  }
}

/** A true coin: random bytes whose digest begins with 0. */
export function sampleCoin(): Coin {
  for (;;) {
    const bytes = randomBytes(32)
    const digest = hash('sha256', bytes)
    if (digest.startsWith('0')) return { digest, bytes: new Uint8Array(bytes) }
  }
}

/** Entry number `sequence` of a worker, the same in every process: as many hashes as its number, and one true coin. */
export function numberedEntry(worker: string, sequence: number): Entry {
  for (let i = 0; ; i++) {
    const bytes = Buffer.from(`${worker} ${sequence} ${i}`)
    const digest = hash('sha256', bytes)
    if (digest.startsWith('0')) return sampleEntry({ worker, sequence, hashes: sequence, coins: [{ digest, bytes }] })
  }
}
