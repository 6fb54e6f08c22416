import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import type { FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'

export type Log = FastifyBaseLogger

/** Unread log lines, in bytes. While there are more, further lines are dropped and counted. */
export const MAX_BACKLOG = 1_048_576
/** Lines per second of one kind, such as requests or coins. */
export const LINES_PER_SECOND = 50

const ignore = () => {}

/**
 * A log on standard output: a JSON object per line, or text for people. Logging never blocks the
 * process and never ends it, even when the reader is slow or gone.
 */
export function createLog(
  name: string,
  { logFormat, debug }: { logFormat: 'json' | 'text'; debug: boolean },
  stream: Writable = process.stdout,
): Log {
  let dropped = 0
  for (const output of [stream, process.stderr]) output.off('error', ignore).on('error', ignore)

  function write(line: string): void {
    if (stream.writableLength <= MAX_BACKLOG) stream.write(logFormat === 'json' ? line : toText(line))
    else if (dropped++ === 0) stream.once('drain', reportDropped)
  }
  function reportDropped(): void {
    log.warn({ dropped }, `${dropped} lines dropped: the log was not read fast enough`)
    dropped = 0
  }

  const log = pino({ name, level: debug ? 'debug' : 'info' }, { write })
  return log
}

/** One line of pino's JSON for people. pino-pretty would add 13 packages and 25 ms of start-up. */
export function toText(line: string): string {
  const entry = JSON.parse(line) as { time: number; level: number; msg?: string; err?: { stack: string } }
  const { time, level, msg = '', err } = entry
  const clock = new Date(time).toTimeString().slice(0, 8)
  const label = level === 30 ? '' : `${pino.levels.labels[level]?.toUpperCase()} `
  return `${clock} ${label}${msg}${err ? `\n${err.stack}` : ''}\n`
}

/**
 * Caps the lines about `events`, so that at thousands of requests per second the log costs next to
 * nothing (docs/performance.md). "N more `events`" follows at the end of the second.
 */
export function capLog(log: Log, events: string) {
  let lines = 0
  let endOfSecond: NodeJS.Timeout | undefined

  /** Writes the summary that is due, if any. */
  function flush(): void {
    clearTimeout(endOfSecond)
    endOfSecond = undefined
    const unwritten = lines - LINES_PER_SECOND
    lines = 0
    if (unwritten > 0) log.info({ unwritten }, `${unwritten} more ${events} in the same second`)
  }

  /** Writes the line that `describe` returns. It is not called above the limit. */
  function info(describe: () => [fields: object, message: string]): void {
    endOfSecond ??= setTimeout(flush, 1000).unref()
    if (++lines <= LINES_PER_SECOND) log.info(...describe())
  }
  return { info, flush }
}

/** Ends the process once its log lines are read, or after half a second. */
export async function exit(exitCode = process.exitCode): Promise<never> {
  const written = new Promise((resolve) => process.stdout.write('', resolve))
  await Promise.race([written, sleep(500)])
  process.exit(exitCode)
}
