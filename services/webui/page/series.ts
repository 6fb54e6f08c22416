/** The ledger keeps an hour, and so does the page. */
const KEEP_S = 3600

/** The speed of each second that is known; the others are gaps. */
export interface Series {
  /** End of the newest second that is known, seconds since the epoch; 0 when none is. */
  readonly until: number
  /** Takes the speeds of the seconds from `from`. They replace what was known of them; null, which is not known, does not. */
  add(from: number, speeds: (number | null)[]): void
  /** Forgets `second` and all later ones: the clock was set back, and they are yet to come. */
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

/** The capacity of each second, raised to the speed where that was higher, as what was done was possible. */
export function raise(
  capacity: (number | null)[],
  measured: (number | null)[],
  foreign: (number | null)[],
): (number | null)[] {
  return capacity.map((level, i) => (level === null ? null : Math.max(level, (measured[i] ?? 0) + (foreign[i] ?? 0))))
}

/** What the data table and the text alternative of a graph say of some seconds. */
export interface Summary {
  /** Seconds since the epoch. */
  from: number
  /** All undefined where nothing is known. */
  mean: number | undefined
  lowest: number | undefined
  highest: number | undefined
}

/** Sums up `speeds`, which begin at `from`, in `parts` parts of the same length. */
export function summarize(from: number, speeds: (number | null)[], parts: number): Summary[] {
  const length = Math.ceil(speeds.length / parts)
  return Array.from({ length: parts }, (_, index) => {
    const some = speeds.slice(index * length, (index + 1) * length).filter((speed) => speed !== null)
    if (some.length === 0)
      return { from: from + index * length, mean: undefined, lowest: undefined, highest: undefined }
    return {
      from: from + index * length,
      mean: some.reduce((sum, speed) => sum + speed, 0) / some.length,
      lowest: Math.min(...some),
      highest: Math.max(...some),
    }
  })
}
