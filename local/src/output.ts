import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { styleText } from 'node:util'

import { splitLines } from './lines.ts'

/** Where all lines go: each whole, behind the name of the process that wrote it, as `docker compose up` prints them. */
export interface Output {
  /** Prints a line of our own. */
  say(text: string): void
  /** Prints every line that `source` brings, under `name`. */
  follow(name: string, source: Readable): void
  /** Resolves when all is written, or when that takes too long. Nothing may be printed after it. */
  close(): Promise<void>
}

/** Unwritten text that a slow reader may leave us with, in bytes; lines that come when there is more are only counted. */
export const MAX_BACKLOG = 1_048_576
const CLOSE_DEADLINE_MS = 500
const OWN_NAME = 'local'
const colours = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'cyanBright', 'yellowBright', 'greenBright'] as const

/** Whether to colour what `stream` shows: it is a terminal that can, unless NO_COLOR or FORCE_COLOR say otherwise. */
export function hasColours(stream: Writable): boolean {
  return styleText('red', 'x', { stream }) !== 'x'
}

/** Prints to `stream`, with a colour for each of `names`. Calls `onLost` when `stream` can no longer be written to. */
export function createOutput(stream: Writable, names: string[], onLost: () => void): Output {
  const width = Math.max(...[OWN_NAME, ...names].map((name) => name.length))
  const prefixes = new Map(names.map((name, index) => [name, prefix(name, colours[index % colours.length] ?? 'cyan')]))
  const ownPrefix = prefix(OWN_NAME, 'bold')
  let lost = false
  let leftOut = 0

  stream.on('error', lose)
  stream.on('drain', sayLeftOut)

  return {
    say: (text) => write(ownPrefix, text.split('\n')),
    follow(name, source) {
      const lines = splitLines((whole) => write(prefixes.get(name) ?? ownPrefix, whole))
      source.setEncoding('utf8')
      source.on('data', (text: string) => lines.push(text))
      source.on('end', () => lines.end())
    },
    async close() {
      if (lost) return
      const written = new Promise<boolean>((resolve) => stream.write('', () => resolve(true)))
      if (!(await Promise.race([written, sleep(CLOSE_DEADLINE_MS, false, { ref: false })]))) return
      stream.off('error', lose).off('drain', sayLeftOut)
    },
  }

  function lose(): void {
    if (!lost) onLost()
    lost = true
  }

  function prefix(name: string, format: (typeof colours)[number] | 'bold'): string {
    return styleText(format, `${name.padEnd(width)}  |`, { stream })
  }

  /**
   * Someone who reads slowly must slow down nothing but what they read. To stop reading from the children would not do:
   * node's writes to a pipe never block, so that they would fill their own memory instead.
   */
  function write(before: string, lines: string[]): void {
    if (lost) return
    if (stream.writableLength > MAX_BACKLOG) leftOut += lines.length
    else stream.write(lines.map((line) => `${before} ${line}\n`).join(''))
  }

  function sayLeftOut(): void {
    if (leftOut === 0) return
    const count = leftOut
    leftOut = 0
    write(ownPrefix, [`${count} lines left out: they came faster than they were read`])
  }
}
