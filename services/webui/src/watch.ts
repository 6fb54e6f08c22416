import type { Ledger } from '@dockercoins/ledger'
import type { Log } from '@dockercoins/service'

import { takeSnapshot, type Snapshot } from './snapshot.ts'

const INTERVAL_MS = 1000

/** What every viewer is told each second: a snapshot, or since when (seconds since the epoch) the ledger cannot be read. */
export type News = Snapshot | { now: number; ledgerLostSince: number }

export interface Watch {
  isReady(): boolean
  /** Calls `listener` with the latest news now and with all that follows, until the returned function is called. */
  subscribe(listener: (news: News) => void): () => void
  stop(): void
}

/** Reads the ledger once a second, however many are watching. Logs one line when it is lost and one when it is back. */
export function watchLedger(ledger: Ledger, log: Log): Watch {
  const listeners = new Set<(news: News) => void>()
  let latest: News | undefined
  let lostSince: number | undefined

  async function look(): Promise<void> {
    try {
      latest = await takeSnapshot(ledger)
      if (lostSince !== undefined) log.info(`ledger is back after ${(latest.now - lostSince).toFixed(1)} s`)
      lostSince = undefined
    } catch (error) {
      const now = Date.now() / 1000
      if (lostSince === undefined)
        log.warn(`ledger is lost: ${(error as Error).message}; trying again until it is back`)
      lostSince ??= now
      latest = { now, ledgerLostSince: lostSince }
    }
    for (const listener of listeners) listener(latest)
  }

  let looking: Promise<void> | undefined
  const lookOnce = () => (looking ??= look().finally(() => (looking = undefined)))
  const timer = setInterval(lookOnce, INTERVAL_MS)
  void lookOnce()

  return {
    isReady: () => latest !== undefined && lostSince === undefined,
    subscribe(listener) {
      listeners.add(listener)
      if (latest) listener(latest)
      return () => listeners.delete(listener)
    },
    stop: () => clearInterval(timer),
  }
}
