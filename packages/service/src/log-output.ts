import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** Log lines that nobody has read yet, in bytes. While there are more, further lines are dropped and counted. */
export const MAX_BACKLOG = 1_048_576
/** How long a process that ends waits for its last lines to be read, in milliseconds. */
const FLUSH_MS = 500

/**
 * Writes lines to `stream` and never waits for its reader. Once the backlog has been read, `onDropped` gets the number of
 * lines that were dropped. When the reader is gone the lines go nowhere, and the process goes on.
 */
export function createLogOutput(stream: Writable, onDropped: (lines: number) => void): { write(line: string): void } {
  let dropped = 0
  for (const output of [stream, process.stderr]) output.off('error', ignore).on('error', ignore)

  function reportDropped(): void {
    const lines = dropped
    dropped = 0
    onDropped(lines)
  }

  return {
    write(line) {
      if (stream.writableLength <= MAX_BACKLOG) stream.write(line)
      else if (dropped++ === 0) stream.once('drain', reportDropped)
    },
  }
}

/** Ends the process once its log lines are read, or after half a second if nobody reads them. */
export async function exit(exitCode = process.exitCode): Promise<never> {
  const written = new Promise((resolve) => process.stdout.write('', resolve))
  await Promise.race([written, sleep(FLUSH_MS)])
  process.exit(exitCode)
}

function ignore(): void {}
