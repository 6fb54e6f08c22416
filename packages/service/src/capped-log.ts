import type { Log } from './log.ts'

/** Lines a second of one kind that a process writes at most; the rest of that second becomes one summary line. */
export const LINES_PER_SECOND = 50

/** Writes lines of one kind, such as requests or coins, but never more than a person could read. */
export interface CappedLog {
  /** Writes a line, if there is room for it; `describe` is asked for its fields and message only then. */
  info(describe: () => [fields: object, message: string]): void
  /** Writes the summary that is due, if any. */
  flush(): void
}

/**
 * At thousands of events a second logging must not become the work. Past the cap a second's events are only counted, and
 * "N more `events`" at its end says how many they were: lines and summaries add up to what happened.
 */
export function capLog(log: Log, events: string): CappedLog {
  let lines = 0
  let unwritten = 0
  let endOfSecond: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(endOfSecond)
    endOfSecond = undefined
    if (unwritten > 0) log.info({ unwritten }, `${unwritten} more ${events} in the same second`)
    lines = 0
    unwritten = 0
  }

  return {
    info(describe) {
      endOfSecond ??= setTimeout(flush, 1000).unref()
      if (++lines <= LINES_PER_SECOND) log.info(...describe())
      else unwritten++
    },
    flush,
  }
}
