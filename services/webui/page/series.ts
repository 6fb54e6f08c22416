import type { Totals } from '../src/api.ts'

/** The ledger keeps an hour, and so does the page. */
const KEEP_S = 3600

/** The speed of each second that is known; the others are gaps. */
export interface Series {
  /** End of the newest second, seconds since the epoch; 0 when none is known. */
  readonly until: number
  /** Takes the speeds of the seconds from `from`. They replace known ones; null does not. */
  add(from: number, speeds: (number | null)[]): void
  /** Removes `second` and all later ones: the clock was set back, and they come again. */
  forgetFrom(second: number): void
  /** The speeds of the `count` seconds before `until`; null where they are not known. */
  window(until: number, count: number): (number | null)[]
}

/** An empty series. */
export function createSeries(): Series {
  const known = new Map<number, number>()
  let until = 0
  return {
    get until() {
      return until
    },
    add(from, speeds) {
      for (const [index, speed] of speeds.entries()) if (speed !== null) known.set(from + index, speed)
      until = Math.max(until, from + speeds.length)
      for (const second of known.keys()) if (second < until - KEEP_S) known.delete(second)
    },
    forgetFrom(first) {
      until = Math.min(until, first)
      for (const second of known.keys()) if (second >= first) known.delete(second)
    },
    window: (end, count) => Array.from({ length: count }, (_, index) => known.get(end - count + index) ?? null),
  }
}

/** The capacity of each second, raised to the speed where that was higher. */
export function raise(
  capacity: (number | null)[],
  measured: (number | null)[],
  foreign: (number | null)[],
): (number | null)[] {
  return capacity.map((level, i) => (level === null ? null : Math.max(level, (measured[i] ?? 0) + (foreign[i] ?? 0))))
}

/** The speeds of some seconds; all undefined where nothing is known. */
export interface Summary {
  /** Seconds since the epoch. */
  from: number
  mean?: number
  lowest?: number
  highest?: number
}

/** Divides `speeds`, which begin at `from`, into `parts` of the same length. */
export function summarize(from: number, speeds: (number | null)[], parts: number): Summary[] {
  const length = Math.ceil(speeds.length / parts)
  return Array.from({ length: parts }, (_, index) => {
    const begin = index * length
    const known = speeds.slice(begin, begin + length).filter((speed) => speed !== null)
    if (known.length === 0) return { from: from + begin }
    const mean = known.reduce((sum, speed) => sum + speed, 0) / known.length
    return { from: from + begin, mean, lowest: Math.min(...known), highest: Math.max(...known) }
  })
}

type Poll = Pick<Totals, 'hashes' | 'now'>

/** The speed as the classic's page computed it: how far the counter moved between two polls. */
export function classicSpeed(before: Poll, after: Poll): number | null {
  const seconds = after.now - before.now
  return seconds > 0 ? (after.hashes - before.hashes) / seconds : null
}
