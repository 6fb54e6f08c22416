import type { Ledger, Report } from '@dockercoins/ledger'

import type { History } from './api.ts'
import type { Timeline } from './timeline.ts'

/** The ledger keeps the speed of each second for an hour. */
export const MAX_HISTORY_S = 3600
/** A running worker delays settled seconds for this long, or until its report expires. Seconds. */
const USUAL_WAIT_S = 10
/** But no longer than this: a snapshot sends so many seconds again, with what was recorded late. */
export const LONGEST_WAIT_S = 60

/** Returns the settled seconds before now, an hour of them at most. */
export type ReadHistory = (seconds: number) => Promise<History>

/**
 * Returns the settled seconds of the past. Reads the ledger at most once per second, however many
 * requests come; rejects when the ledger does.
 */
export function createHistory(ledger: Ledger, timeline: Timeline): ReadHistory {
  let lastRead: { second: number; hour: Promise<Pick<History, 'from' | 'speeds'>> } | undefined

  async function readHour(now: number) {
    const from = settledSecond(now, await ledger.reports()) - MAX_HISTORY_S
    return { from, speeds: await ledger.speeds(from, MAX_HISTORY_S) }
  }

  return async (wanted) => {
    const now = Date.now() / 1000
    if (lastRead?.second !== Math.floor(now)) {
      const hour = readHour(now)
      lastRead = { second: Math.floor(now), hour }
      // The next request tries again instead of getting an old failure.
      hour.catch(() => (lastRead = undefined))
    }
    const { from, speeds } = await lastRead.hour
    const count = Math.min(wanted, MAX_HISTORY_S)
    const begin = from + MAX_HISTORY_S - count
    return { from: begin, speeds: speeds.slice(-count), ...timeline.window(begin, count) }
  }
}

/**
 * The whole second before which every running worker has reported all its work, so that no bucket
 * before it will change. The graph ends there, a little before real time.
 */
export function settledSecond(now: number, workers: Pick<Report, 'to' | 'expiresAfterMs'>[]): number {
  const reported = Math.min(now - 1, ...workers.map(({ to }) => to / 1000))
  const expiry = Math.max(USUAL_WAIT_S, ...workers.map(({ expiresAfterMs }) => expiresAfterMs / 1000))
  return Math.floor(Math.max(reported, now - Math.min(expiry, LONGEST_WAIT_S), 0))
}
