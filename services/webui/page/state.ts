import type { Update } from '../src/watch.ts'
import { formatRate, formatTime } from './format.ts'

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
  /** Whether the server has another version of this page. */
  isOtherVersion: boolean
}

/** What the page has to say of itself, plainly. */
export function describeState(sight: Sight): State {
  const state = describe(sight)
  if (!sight.isOtherVersion) return state
  return {
    ...state,
    text: `${state.text} The server has another version of this page, which is loaded when it can be.`,
  }
}

function describe({ update, updatedAt, disconnectedSince, now }: Sight): State {
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
  const { foreignSpeed, pipeline } = update
  const { count } = pipeline.worker
  const others = foreignSpeed ? `Workers that do not report make ${formatRate(foreignSpeed)} hashes per second.` : ''
  if (count > 0) {
    const running = `${count === 1 ? '1 worker is' : `${count} workers are`} running, with ${pipeline.loops} ${pipeline.loops === 1 ? 'loop' : 'loops in all'}.`
    return { kind: 'mining', title: 'Mining', text: `${running} ${others}`.trim() }
  }
  if (others) return { kind: 'mining', title: 'Mining', text: `${others} No worker reports.` }
  const text = foreignSpeed === null ? 'No worker reports.' : 'No worker is running: nothing is mined.'
  return { kind: 'idle', title: 'No worker', text }
}

function lost(title: string, text: string): State {
  return { kind: 'lost', title, text }
}
