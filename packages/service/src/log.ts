import type { Writable } from 'node:stream'

import { pino, type Logger } from 'pino'

import { createLogOutput } from './log-output.ts'

export type Log = Logger

/**
 * A log on standard output: a JSON object per line, or with `text` the time, the level unless it is "info", and the message.
 * Logging never blocks the process and never ends it, whatever happens to the reader.
 */
export function createLog(
  name: string,
  { logFormat, debug }: { logFormat: 'json' | 'text'; debug: boolean },
  stream: Writable = process.stdout,
): Log {
  const output = createLogOutput(stream, (dropped) =>
    log.warn({ dropped }, `${dropped} lines dropped: the log was not read fast enough`),
  )
  const write = (line: string) => output.write(logFormat === 'json' ? line : toText(line))
  const log = pino({ name, level: debug ? 'debug' : 'info' }, { write })
  return log
}

/** One line of pino's JSON as a person would want to read it. */
export function toText(line: string): string {
  const {
    time,
    level,
    msg = '',
    err,
  } = JSON.parse(line) as {
    time: number
    level: number
    msg?: string
    err?: { stack: string }
  }
  const clock = new Date(time).toTimeString().slice(0, 8)
  const label = level === 30 ? '' : `${pino.levels.labels[level]?.toUpperCase()} `
  return `${clock} ${label}${msg}${err ? `\n${err.stack}` : ''}\n`
}
