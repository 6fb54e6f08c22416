import { pino, type Logger } from 'pino'

export type Log = Logger

/** A log on standard output: a JSON object a line, or with `text` the time, the level where it is not "info", and the message. */
export function createLog(name: string, { logFormat, debug }: { logFormat: 'json' | 'text'; debug: boolean }): Log {
  const options = { name, level: debug ? 'debug' : 'info' }
  if (logFormat === 'json') return pino(options, pino.destination({ sync: true }))
  return pino(options, { write: (line) => process.stdout.write(toText(line)) })
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
