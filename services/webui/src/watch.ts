import type { Log } from '@dockercoins/service'

import type { Snapshot } from './snapshot.ts'

const INTERVAL_MS = 1000

/** What every viewer is sent each second: a snapshot, or since when (seconds since the epoch) the ledger cannot be read. */
export type Update = Snapshot | { now: number; ledgerLostSince: number }

export interface Watch {
  /** The newest update; undefined before the first. */
  latest(): Update | undefined
  /** Calls `listener` with every update from now on, until the returned function is called. */
  subscribe(listener: (update: Update) => void): () => void
  stop(): void
}

/** Takes a snapshot once a second, however many are watching. Logs one line when the ledger is lost and one when it is back. */
export function watchLedger(takeSnapshot: () => Promise<Snapshot>, log: Log): Watch {
  const listeners = new Set<(update: Update) => void>()
  let latest: Update | undefined
  /** In seconds since the epoch, and in milliseconds by the clock that nobody sets. */
  let lostSince: number | undefined
  let lostAt = 0

  async function look(): Promise<void> {
    try {
      latest = await takeSnapshot()
      if (lostSince !== undefined)
        log.info(`ledger is back after ${((performance.now() - lostAt) / 1000).toFixed(1)} s`)
      lostSince = undefined
    } catch (error) {
      const now = Date.now() / 1000
      if (lostSince === undefined) {
        log.warn(`ledger is lost: ${(error as Error).message}; trying again until it is back`)
        lostSince = now
        lostAt = performance.now()
      }
      latest = { now, ledgerLostSince: lostSince }
    }
    for (const listener of listeners) listener(latest)
  }

  let looking: Promise<void> | undefined
  const lookOnce = () => (looking ??= look().finally(() => (looking = undefined)))
  const timer = setInterval(lookOnce, INTERVAL_MS)
  void lookOnce()

  return {
    latest: () => latest,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: () => clearInterval(timer),
  }
}
