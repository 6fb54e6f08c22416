import type { Log } from '../log.ts'

// Above 50 lines per second of one kind, further lines are only counted. At thousands of requests
// per second the log then costs 0 % of the processor time (docs/performance.md).

/**
 * Lines per second of one kind that a process writes; the rest of that second becomes one summary
 * line.
 */
export const LINES_PER_SECOND = 50

/** Writes lines of one kind, such as requests or coins, at a bounded rate. */
export interface CappedLog {
  /**
   * Writes a line unless the limit is reached. Calls `describe` for its fields and message only if
   * it is written.
   */
  info(describe: () => [fields: object, message: string]): void
  /** Writes the summary that is due, if any. */
  flush(): void
}

/**
 * Caps the lines about `events`. "N more `events`" follows at the end of a second, so lines and
 * summaries add up.
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
