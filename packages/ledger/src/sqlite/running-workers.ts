import type { Report } from '../ledger.ts'
import { parseReports } from '../stored-reports.ts'

/** A worker's last report as it is stored. */
export interface StoredReport {
  worker: string
  /** Of the entry that brought the report. */
  sequence: number
  /**
   * When the report expires, by the clock of the worker's machine; milliseconds since the epoch.
   */
  expiresMs: number
  report: string
}

interface Sighting {
  sequence: number
  isRunning: boolean
  since: number
}

/**
 * Returns a function that selects the reports of the workers that run, to be called with what is
 * stored now. A worker runs while its entries keep arriving, measured by this process's monotonic
 * clock: wall clocks may be set back, and may differ. The wall clock decides only for a report that
 * was not watched: at the first call, or when the call before it is longer ago than the report is
 * valid.
 */
export function watchRunning(now = () => performance.now(), wallClock = Date.now) {
  let seen = new Map<string, Sighting>()
  let lookedAt = -Infinity

  function look({ worker, sequence, expiresMs }: StoredReport, { expiresAfterMs }: Report, at: number): Sighting {
    const before = seen.get(worker)
    if (before?.sequence === sequence) {
      return { ...before, isRunning: before.isRunning && at - before.since < expiresAfterMs }
    }
    const wasWatched = at - lookedAt < expiresAfterMs
    return { sequence, isRunning: wasWatched || expiresMs > wallClock(), since: at }
  }

  return (stored: StoredReport[]): Report[] => {
    const at = now()
    const sightings = new Map<string, Sighting>()
    const running = stored.flatMap((row) =>
      parseReports([row.report]).filter((report) => {
        const sighting = look(row, report, at)
        sightings.set(row.worker, sighting)
        return sighting.isRunning
      }),
    )
    seen = sightings
    lookedAt = at
    return running
  }
}
