import type { Update } from '../src/watch.ts'
import { formatTime } from './format.ts'

/** Numbers older than this are said to be old, in seconds. */
const OLD_AFTER_S = 5

/** A connection that is back sooner was only replaced, in seconds. */
const LOST_AFTER_S = 2

export interface State {
  kind: 'connecting' | 'mining' | 'idle' | 'lost'
  /** One or two words. */
  title: string
  text: string
}

export interface Sight {
  update: Update | undefined
  /** When the newest update came and when the connection broke, both by the clock of this computer: seconds. */
  updatedAt: number
  disconnectedSince: number | undefined
  now: number
  /** Whether the counter moved lately. */
  isCounting: boolean
}

/** What the page has to say of itself, plainly. */
export function describeState({ update, updatedAt, disconnectedSince, now, isCounting }: Sight): State {
  if (disconnectedSince !== undefined && now - disconnectedSince >= LOST_AFTER_S) {
    const since = `since ${formatTime(disconnectedSince)}`
    return lost(
      'Connection lost',
      `This page has had no connection to its server ${since}; it tries again all the time.`,
    )
  }
  if (!update) return { kind: 'connecting', title: 'Connecting', text: 'Waiting for the first numbers.' }
  if (now - updatedAt > OLD_AFTER_S) return lost('Old numbers', `The newest numbers are of ${formatTime(update.now)}.`)
  if (!('pipeline' in update)) {
    const since = `since ${formatTime(update.ledgerLostSince)}`
    return lost(
      'Ledger unreachable',
      `The ledger cannot be reached ${since}. Workers keep what they find until it is back.`,
    )
  }
  const workers = update.pipeline.worker.replicas.length
  if (workers > 0) {
    const text = `${workers === 1 ? '1 worker is' : `${workers} workers are`} alive, with ${update.pipeline.loops} ${update.pipeline.loops === 1 ? 'loop' : 'loops in all'}.`
    return { kind: 'mining', title: 'Mining', text }
  }
  const text = isCounting
    ? 'No worker reports, and yet the counter moves: one that only knows the classic’s protocol is at work. See the classic view.'
    : 'No worker is alive: nothing is mined.'
  return { kind: 'idle', title: 'No worker', text }
}

function lost(title: string, text: string): State {
  return { kind: 'lost', title, text }
}
