import type { Log } from './log.ts'

/** Lines a second that each service writes at most; the rest of that second is one summary line. */
export const ACCESS_LINES_PER_SECOND = 50

export interface Access {
  method: string
  url: string
  status: number
  /** Milliseconds from the request's head to the end of its answer. */
  durationMs: number
}

/**
 * One line a request, as in any web server, but never more than a person could read: past the cap a second's requests
 * are only counted, and one line at its end says how many they were. Lines plus summaries add up to the requests answered.
 */
export function createAccessLog(log: Log): { request(access: Access): void; flush(): void } {
  let lines = 0
  let unlogged = 0
  let endOfSecond: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(endOfSecond)
    endOfSecond = undefined
    if (unlogged > 0) log.info({ requests: unlogged }, `${unlogged} more requests answered in the same second`)
    lines = 0
    unlogged = 0
  }

  function request({ method, url, status, durationMs }: Access): void {
    endOfSecond ??= setTimeout(flush, 1000).unref()
    if (++lines > ACCESS_LINES_PER_SECOND) {
      unlogged++
      return
    }
    const path = url.slice(0, 200)
    const ms = Math.round(durationMs * 10) / 10
    log.info({ method, url: path, status, durationMs: ms }, `${method} ${path} ${status} ${ms} ms`)
  }

  return { request, flush }
}
