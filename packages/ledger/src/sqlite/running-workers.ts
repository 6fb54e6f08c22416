import type { Report } from '../ledger.ts'
import { parseReports } from '../stored-reports.ts'

export interface StoredReport {
  worker: string
  /** Of the entry that brought the report. */
  sequence: number
  /** By the clock of the worker's machine; milliseconds since the epoch. */
  expiresMs: number
  report: string
}

/**
 * Returns a function that selects the reports of the workers that run, to be called with what is
 * stored now. A worker runs while its entries keep arriving, measured by this process's monotonic
 * clock: wall clocks may be set back, and may differ. The wall clock decides only for a report that
 * was not watched: at the first call, or when the call before it is longer ago than the report is
 * valid.
 */
export function watchRunning(now = () => performance.now(), wallClock = Date.now) {
  let seen = new Map<string, { sequence: number; isRunning: boolean; since: number }>()
  let lastCallAt = -Infinity

  return (stored: StoredReport[]): Report[] => {
    const at = now()
    const sightings: typeof seen = new Map()
    const rows = new Map(stored.map((row) => [row.worker, row]))
    const running = parseReports(stored.map(({ report }) => report)).filter(({ worker, expiresAfterMs }) => {
      const row = rows.get(worker)
      if (!row) return false
      const before = seen.get(worker)
      const isWatched = at - lastCallAt < expiresAfterMs
      const sighting =
        before?.sequence === row.sequence
          ? { ...before, isRunning: before.isRunning && at - before.since < expiresAfterMs }
          : { sequence: row.sequence, isRunning: isWatched || row.expiresMs > wallClock(), since: at }
      sightings.set(worker, sighting)
      return sighting.isRunning
    })
    seen = sightings
    lastCallAt = at
    return running
  }
}
