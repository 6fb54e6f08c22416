import type { Update } from '../src/api.ts'
import { formatRate, formatTime } from '../src/format.ts'

/** Numbers older than this are marked as old, seconds. */
const OLD_AFTER_S = 5
/** A connection that is down for less than this was only replaced, seconds. */
const LOST_AFTER_S = 2

/** What the header shows; the title is one or two words. */
type Status = [kind: 'connecting' | 'mining' | 'idle' | 'lost', title: string, text: string]

export interface Connection {
  update: Update | undefined
  /** When the newest update came and the connection broke, by this computer's clock, seconds. */
  updatedAt: number
  disconnectedSince: number | undefined
  now: number
  /** Whether the server has another version of this page. */
  isOtherVersion: boolean
}

/** The status in plain words, the most important fact first. */
export function describeStatus(connection: Connection) {
  const [kind, title, text] = describe(connection)
  const hint = ' The server has another version of this page, which is loaded when possible.'
  return { kind, title, text: connection.isOtherVersion ? text + hint : text }
}

function describe({ update, updatedAt, disconnectedSince, now }: Connection): Status {
  if (disconnectedSince !== undefined && now - disconnectedSince >= LOST_AFTER_S) {
    return [
      'lost',
      'Connection lost',
      `No connection to the server since ${formatTime(disconnectedSince)}; reconnecting…`,
    ]
  }
  if (!update) return ['connecting', 'Connecting', 'Waiting for the first numbers.']
  if (now - updatedAt > OLD_AFTER_S) {
    return ['lost', 'Old numbers', `The newest numbers are from ${formatTime(update.now)}.`]
  }
  if ('ledgerLostSince' in update) {
    const since = `The ledger cannot be reached since ${formatTime(update.ledgerLostSince)}.`
    return ['lost', 'Ledger unreachable', `${since} Workers keep their counts until it recovers.`]
  }
  const { foreignSpeed, loops, worker } = update.pipeline
  const others = foreignSpeed ? `Workers that do not report make ${formatRate(foreignSpeed)} hashes per second.` : ''
  if (worker.count > 0) {
    const running = `${plural(worker.count, 'worker')} running with ${plural(loops, 'loop')}.`
    return ['mining', 'Mining', `${running} ${others}`.trim()]
  }
  if (others) return ['mining', 'Mining', `${others} No worker reports.`]
  return ['idle', 'No worker', foreignSpeed === null ? 'No worker reports.' : 'No worker reports: nothing is counted.']
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
