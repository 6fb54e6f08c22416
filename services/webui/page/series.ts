/** The ledger keeps an hour, and so does the page. */
const KEEP_S = 3600

/** A figure for each second; null where it is not known. */
export type Figures = (number | null)[]

/** The speed of each second that is known; the others are gaps. */
export interface Series {
  /** Start of the oldest second that is known; Infinity when none is. */
  readonly since: number
  /** End of the newest second, seconds since the epoch; 0 when none is known. */
  readonly until: number
  /** Takes the speeds of the seconds from `from`. They replace known ones; null does not. */
  add(from: number, speeds: Figures): void
  /** Removes `second` and all later ones: the clock was set back, and they come again. */
  forgetFrom(second: number): void
  /** The speeds of the `count` seconds before `until`; null where they are not known. */
  window(until: number, count: number): Figures
}

/** An empty series. */
export function createSeries(): Series {
  const known = new Map<number, number>()
  let since = Infinity
  let until = 0
  return {
    get since() {
      return since
    },
    get until() {
      return until
    },
    add(from, speeds) {
      for (const [index, speed] of speeds.entries()) {
        if (speed === null) continue
        known.set(from + index, speed)
        since = Math.min(since, from + index)
      }
      until = Math.max(until, from + speeds.length)
      for (const second of known.keys()) if (second < until - KEEP_S) known.delete(second)
      since = Math.max(since, until - KEEP_S)
    },
    forgetFrom(first) {
      until = Math.min(until, first)
      for (const second of known.keys()) if (second >= first) known.delete(second)
      if (since >= first) since = Infinity
    },
    window: (end, count) => Array.from({ length: count }, (_, index) => known.get(end - count + index) ?? null),
  }
}

/** The capacity of each second, raised to the speed where that was higher. */
export function raise(capacity: Figures, speeds: Figures): Figures {
  return capacity.map((level, i) => (level === null ? null : Math.max(level, speeds[i] ?? 0)))
}

/** The speed of all workers: of those that report, and of the others. */
export function sum(measured: Figures, foreign: Figures): Figures {
  return measured.map((speed, i) => (speed === null && !foreign[i] ? null : (speed ?? 0) + (foreign[i] ?? 0)))
}

/** The speeds of some seconds; all undefined where nothing is known. */
export interface Summary {
  /** Seconds since the epoch. */
  from: number
  mean?: number
  lowest?: number
  highest?: number
}

/** Divides `speeds`, which begin at `from`, into parts of `length` seconds. */
export function summarize(from: number, speeds: Figures, length: number): Summary[] {
  return Array.from({ length: Math.ceil(speeds.length / length) }, (_, index) => {
    const begin = index * length
    const known = speeds.slice(begin, begin + length).filter((speed) => speed !== null)
    if (known.length === 0) return { from: from + begin }
    const mean = known.reduce((total, speed) => total + speed, 0) / known.length
    return { from: from + begin, mean, lowest: Math.min(...known), highest: Math.max(...known) }
  })
}
