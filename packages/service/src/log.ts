import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import type { FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'

export type Log = FastifyBaseLogger

/** Unread log lines, in bytes. While there are more, further lines are dropped and counted. */
export const MAX_BACKLOG = 1_048_576
/** How long a process that ends waits until its last lines are read, in milliseconds. */
const FLUSH_MS = 500

/**
 * A log on standard output: a JSON object per line, or with `text` the time, the level unless it is
 * "info", and the message. Logging never blocks the process and never ends it, even when the reader
 * is slow or gone.
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
    const lines = dropped
    dropped = 0
    log.warn({ dropped: lines }, `${lines} lines dropped: the log was not read fast enough`)
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

/** Ends the process once its log lines are read, or after half a second. */
export async function exit(exitCode = process.exitCode): Promise<never> {
  const written = new Promise((resolve) => process.stdout.write('', resolve))
  await Promise.race([written, sleep(FLUSH_MS)])
  process.exit(exitCode)
}

function ignore(): void {}
