import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { styleText } from 'node:util'

/** Prints whole lines, each behind the name of its process, as `docker compose up` does. */
export interface Output {
  /** Prints a line of our own, unless only warnings are wanted. */
  info(text: string): void
  warn(text: string): void
  /** Prints every line of `source` under `name`. */
  follow(name: string, source: Readable): void
  /** Keeps this line below all others. A stream that is no terminal does not show it. */
  status(text: string): void
  /** Resolves when everything is written, or when that takes too long. It ends the output. */
  close(): Promise<void>
}

/** A part of a terminal that `tty.WriteStream` is. */
type Terminal = Writable & { isTTY?: boolean; columns?: number }

/** Unread text, in bytes, above which further lines are only counted. */
export const MAX_BACKLOG = 1_048_576
/** A line that has become longer is printed in pieces, so that none needs unbounded memory. */
export const MAX_LINE = 16_384
const CLOSE_DEADLINE_MS = 500
const OWN_NAME = 'local'
const colours = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'cyanBright', 'yellowBright', 'greenBright'] as const
/** A line of a service's log, as text or JSON, that neither warns nor reports an error. */
const INFO_LINE = /^(\d\d:\d\d:\d\d (?!(WARN|ERROR|FATAL) )|\{"level":[1-3]0,)/

/** Whether `stream` can show a status line. */
export function isTerminal(stream: Terminal): boolean {
  return stream.isTTY === true && process.env['TERM'] !== 'dumb'
}

/** Prints to `stream`. Calls `onLost` when it can no longer be written to. */
export function createOutput(stream: Terminal, onLost: () => void, quiet = false): Output {
  const formats = new Map<string, (typeof colours)[number] | 'bold'>([[OWN_NAME, 'bold']])
  let width = OWN_NAME.length
  let status = ''
  let isLost = false
  let leftOut = 0

  stream.on('error', lose).on('drain', reportLeftOut).on('resize', redraw)

  function lose(): void {
    if (!isLost) onLost()
    isLost = true
  }

  /**
   * A slow reader slows down nothing else. Not reading from the children would not help:
   * Node's writes to a pipe never block, so that they would fill their own memory instead.
   */
  function write(name: string, lines: string[]): void {
    if (isLost || lines.length === 0) return
    if (stream.writableLength > MAX_BACKLOG) {
      leftOut += lines.length
      return
    }
    const prefix = styleText(formats.get(name) ?? 'bold', `${name.padEnd(width)}  |`, { stream })
    stream.write(`${eraseStatus()}${lines.map((line) => `${prefix} ${line}\n`).join('')}${shown()}`)
  }

  function reportLeftOut(): void {
    if (leftOut === 0) return
    const count = leftOut
    leftOut = 0
    write(OWN_NAME, [`${count} lines left out: they came faster than they were read`])
  }

  /** From its first row on, where a window that became narrower has wrapped it. */
  function eraseStatus(): string {
    if (status === '') return ''
    const rowsAbove = Math.ceil(status.length / (stream.columns || 80)) - 1
    return `\r${rowsAbove > 0 ? `\u001B[${rowsAbove}A` : ''}\u001B[J`
  }

  const shown = () => status && styleText('bold', status, { stream })

  function redraw(text = status): void {
    if (isLost) return
    const erase = eraseStatus()
    // One column less than there are, for in the last one a terminal may begin the next row.
    status = text.slice(0, (stream.columns || 80) - 1)
    stream.write(`${erase}${shown()}`)
  }

  return {
    info: (text) => quiet || write(OWN_NAME, text.split('\n')),
    warn: (text) => write(OWN_NAME, text.split('\n')),
    follow(name, source) {
      if (!formats.has(name)) formats.set(name, colours[(formats.size - 1) % colours.length] ?? 'cyan')
      width = Math.max(width, name.length)
      const print = (lines: string[]) => write(name, quiet ? lines.filter((line) => !INFO_LINE.test(line)) : lines)
      let rest = ''
      // Not node:readline, which keeps a line of any length.
      source.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split(/\r?\n/)
        rest = lines.pop() ?? ''
        const isTooLong = rest.length > MAX_LINE
        print(isTooLong ? [...lines, rest] : lines)
        if (isTooLong) rest = ''
      })
      source.on('end', () => print(rest ? [rest] : []))
    },
    status(text) {
      if (isTerminal(stream) && text !== status) redraw(text)
    },
    async close() {
      if (isLost) return
      if (status) redraw('')
      const written = new Promise<boolean>((resolve) => stream.write('', () => resolve(true)))
      if (!(await Promise.race([written, sleep(CLOSE_DEADLINE_MS, false, { ref: false })]))) return
      stream.off('error', lose).off('drain', reportLeftOut).off('resize', redraw)
    },
  }
}
