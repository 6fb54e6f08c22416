import type { History, Mark, Outage, Pipeline } from './api.ts'

/** The ledger keeps the speed of each second for an hour, and this keeps the rest as long. */
const KEEP_S = 3600
/** The most marks, and the most outages, that are kept. */
const MAX_KEPT = 100
/** A change is marked once it has lasted so long, seconds: replicas appear one by one. */
const CONFIRM_S = 3
/** Counters read farther apart than this give no speed, seconds. */
const MAX_POLL_S = 2.5

/** What is known of a second beside its measured speed. */
interface Second {
  foreign: number | null
  capacity: number | null
  classic: number | null
}

/** The parts of a history that the ledger does not have. */
export type Context = Omit<History, 'from' | 'speeds'>

/** The counter, as the classic's page polls it. */
interface Sample {
  hashes: number
  now: number
}

/** What runs, under the names that marks use. */
type Setup = Record<string, number>

/** Remembers the past hour: levels of each second, changes of what runs, and outages. */
export function createTimeline() {
  const seconds = new Map<number, Second>()
  let marks: Mark[] = []
  let outages: Outage[] = []
  let setup: Setup | undefined
  let change: { to: Setup; at: number } | undefined
  let before: Sample | undefined

  /** Keeps the newest hour; what is later than `now` was recorded before the clock was set back. */
  function trim(now: number): void {
    const isKept = (at: number) => at > now - KEEP_S && at <= now
    for (const second of seconds.keys()) if (!isKept(second)) seconds.delete(second)
    marks = marks.filter(({ at }) => isKept(at)).slice(-MAX_KEPT)
    outages = outages.filter(({ until }) => isKept(until)).slice(-MAX_KEPT)
  }

  function markChanges(next: Setup, now: number): void {
    setup = { ...next, ...setup }
    const texts = describeChanges(setup, next)
    if (texts.length === 0) change = undefined
    else if (!change || describeChanges(change.to, next).length > 0) change = { to: next, at: change?.at ?? now }
    else if (now - change.at >= CONFIRM_S) {
      marks.push({ at: change.at, text: texts.join(', ') })
      setup = { ...setup, ...next }
      change = undefined
    }
  }

  return {
    /** Adds what a snapshot shows. Changes count only if it `isComplete`: all workers reported. */
    add(now: number, hashes: number, pipeline: Pipeline, isComplete: boolean): void {
      const { foreignSpeed, capacity } = pipeline
      const after = { hashes, now }
      const classic = before ? classicSpeed(before, after) : null
      before = after
      trim(now)
      seconds.set(Math.floor(now), { foreign: foreignSpeed, capacity, classic })
      if (isComplete) markChanges(toSetup(pipeline), now)
    },
    /** The ledger was away. */
    addOutage(from: number, until: number): void {
      outages.push({ from, until })
      marks.push({ at: from, text: 'ledger lost' }, { at: until, text: 'ledger recovered' })
    },
    /** What is known of `count` seconds from `from`. */
    window(from: number, count: number): Context {
      const level = (name: keyof Second) =>
        Array.from({ length: count }, (_, index) => round(seconds.get(from + index)?.[name] ?? null))
      return {
        foreign: level('foreign'),
        capacity: level('capacity'),
        classic: level('classic'),
        marks: marks.filter(({ at }) => at >= from),
        outages: outages.filter(({ until }) => until >= from),
      }
    },
  }
}

export type Timeline = ReturnType<typeof createTimeline>

/** The difference of two counters; null if the counter was reset or some polls are missing. */
function classicSpeed(before: Sample, after: Sample): number | null {
  const elapsed = after.now - before.now
  const isKnown = elapsed > 0 && elapsed < MAX_POLL_S && after.hashes >= before.hashes
  return isKnown ? (after.hashes - before.hashes) / elapsed : null
}

/** What is known of what runs: only workers report the rest, once they have finished a unit. */
function toSetup({ worker, rng, hasher, loops, delayMs }: Pipeline): Setup {
  return {
    workers: worker.count,
    ...(worker.count > 0 && { 'loops per worker': loops / worker.count }),
    ...(rng.count > 0 && { rng: rng.count }),
    ...(hasher.count > 0 && { hasher: hasher.count }),
    ...(delayMs > 0 && { 'pause in ms': delayMs }),
  }
}

/** "workers 1 → 10", "rng 1 → 3" */
function describeChanges(before: Setup, after: Setup): string[] {
  return Object.entries(after)
    .filter(([name, value]) => before[name] !== undefined && before[name] !== value)
    .map(([name, value]) => `${name} ${format(before[name]!)} → ${format(value)}`)
}

function format(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Hundredths are enough for a graph. */
function round(level: number | null): number | null {
  return level === null ? null : Math.round(level * 100) / 100
}
