import type { Update } from '../src/api.ts'
import { formatCount, formatRate, formatTime } from '../src/format.ts'

/** Numbers older than this are stale, seconds. */
const STALE_AFTER_S = 5
/** A connection that is down for less than this was only replaced, seconds. */
export const LOST_AFTER_S = 2

/** What the header shows: the fact in a few words, and what follows it in the same line. */
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
  const hint = 'The server has another version of this page, which is loaded when possible.'
  return { kind, title, text: connection.isOtherVersion ? `${text} ${hint}`.trim() : text }
}

function describe({ update, updatedAt, disconnectedSince, now }: Connection): Status {
  if (disconnectedSince !== undefined && now - disconnectedSince >= LOST_AFTER_S) {
    return ['lost', 'Connection lost', `since ${formatTime(disconnectedSince)}; reconnecting…`]
  }
  if (!update) return ['connecting', 'Connecting…', '']
  if (now - updatedAt > STALE_AFTER_S) {
    return ['lost', 'Stale numbers', `from ${formatTime(update.now)}; waiting for the server…`]
  }
  if ('ledgerLostSince' in update) {
    const since = `since ${formatTime(update.ledgerLostSince)}.`
    return ['lost', 'Ledger away', `${since} Workers keep their counts.`]
  }
  const { foreignSpeed, loops, worker } = update.pipeline
  const others = foreignSpeed ? `Workers that do not report make ${formatRate(foreignSpeed)} per second.` : ''
  if (worker.count > 0) return ['mining', `${plural(worker.count, 'worker')} running`, others || plural(loops, 'loop')]
  if (others) return ['mining', 'Running', others]
  return ['idle', 'No workers', foreignSpeed === null ? '' : 'Nothing is counted.']
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}
