import type { Ledger } from '@dockercoins/ledger'

import { settledSecond } from './snapshot.ts'

/** The ledger keeps the speed of each second for an hour. */
export const MAX_HISTORY_S = 3600

/** The measured speed of each of some seconds, the first of which begins at `from` (seconds since the epoch); null where it is not known. */
export interface History {
  from: number
  speeds: (number | null)[]
}

/**
 * Gives the settled seconds of the past, an hour of them at most. Reads the ledger at most once a second, however many ask;
 * rejects when the ledger does.
 */
export function createHistory(ledger: Ledger): (seconds: number) => Promise<History> {
  let read: { second: number; hour: Promise<History> } | undefined

  async function readHour(now: number): Promise<History> {
    const until = settledSecond(now, await ledger.reports())
    const from = until - MAX_HISTORY_S
    return { from, speeds: await ledger.speeds(from, MAX_HISTORY_S) }
  }

  return async (wanted) => {
    const seconds = Math.min(wanted, MAX_HISTORY_S)
    const now = Date.now() / 1000
    if (read?.second !== Math.floor(now)) {
      const hour = readHour(now)
      read = { second: Math.floor(now), hour }
      // Whoever asks next is to try again, and not be told an old failure.
      hour.catch(() => (read = undefined))
    }
    const { from, speeds } = await read.hour
    return { from: from + MAX_HISTORY_S - seconds, speeds: speeds.slice(MAX_HISTORY_S - seconds) }
  }
}
