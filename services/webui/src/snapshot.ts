import type { Ledger, Report, Totals } from '@dockercoins/ledger'

/** What the dashboard shows, once a second. */
export interface Snapshot extends Totals {
  /** Seconds since the epoch, as in the classic's /json. */
  now: number
  /** The true speed in the newest settled second, hashes a second. */
  speed: number
  /** End of that second, seconds since the epoch. */
  settledUntil: number
  workers: Report[]
}

/** A worker whose unit takes long holds up the settled speed for this long at most, in seconds. */
const LONGEST_WAIT_S = 10

/** One read of the ledger. Rejects when the ledger does. */
export async function takeSnapshot(ledger: Ledger): Promise<Snapshot> {
  const [totals, workers] = await Promise.all([ledger.totals(), ledger.reports()])
  const now = Date.now() / 1000
  const settledUntil = settledSecond(now, workers)
  const [speed = 0] = await ledger.speeds(settledUntil - 1, 1)
  return { ...totals, now, speed, settledUntil, workers }
}

/**
 * The whole second before which every worker alive has told all it did, so that no bucket before it will change
 * (the graph runs a little behind real time, so that the newest second is complete).
 */
export function settledSecond(now: number, workers: Pick<Report, 'to'>[]): number {
  const told = Math.min(now - 1, ...workers.map(({ to }) => to / 1000))
  return Math.floor(Math.max(told, now - LONGEST_WAIT_S))
}
