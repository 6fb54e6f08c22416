import type { Mark } from '../src/api.ts'
import type { Figures } from './series.ts'

/** A mean has at most so many seconds, and at least so few. */
const LONGEST_S = 60
const SHORTEST_S = 3
/** Seconds around a change that belong neither to before nor to after. */
const LEAD_S = 2
const SETTLE_S = 5

/** Seconds and the mean of those that are known. */
export interface Part {
  from: number
  until: number
  mean: number
}

export interface Comparison {
  /** The changes at the pin; none where nothing changed. */
  changes: Mark[]
  before: Part | undefined
  after: Part | undefined
}

/** Returns the speeds of the `count` seconds before `until`. */
type ReadSpeeds = (until: number, count: number) => Figures

/**
 * The mean speeds before and after `pin`: of a minute each, or less where another of the `marks` is
 * nearer, because a mean across a change is the speed of nothing.
 */
export function compareAround(pin: number, marks: Mark[], until: number, read: ReadSpeeds): Comparison {
  const earlier = marks.filter(({ at }) => at < pin - SETTLE_S).map(({ at }) => at + SETTLE_S)
  const later = marks.filter(({ at }) => at > pin + SETTLE_S).map(({ at }) => at - LEAD_S)
  const changes = marks.filter(({ at }) => Math.abs(at - pin) <= SETTLE_S)
  const first = changes.length > 0 ? changes[0]!.at - LEAD_S : pin
  const last = changes.length > 0 ? changes.at(-1)!.at + SETTLE_S : pin
  const begin = Math.max(first - LONGEST_S, ...earlier)
  const end = Math.min(last + LONGEST_S, until, ...later)
  return { changes, before: meanOf(begin, first, read), after: meanOf(last, end, read) }
}

function meanOf(from: number, until: number, read: ReadSpeeds): Part | undefined {
  const [first, end] = [Math.ceil(from), Math.floor(until)]
  const known = read(end, Math.max(0, end - first)).filter((speed) => speed !== null)
  if (known.length < SHORTEST_S) return undefined
  return { from: first, until: end, mean: known.reduce((total, speed) => total + speed, 0) / known.length }
}
