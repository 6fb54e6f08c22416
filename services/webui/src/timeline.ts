import type { History, Mark, Outage, Pipeline } from './api.ts'

/** The ledger keeps the speed of each second for an hour, and this keeps the rest as long. */
const KEEP_S = 3600
/** The most marks, and the most outages, that are kept. */
const MAX_KEPT = 100
/** A change is marked once it has been steady so long, seconds: replicas appear one by one. */
const CONFIRM_S = 3
/** Counters read farther apart than this give no speed, seconds. */
const MAX_POLL_S = 2.5
/** A mark names so many revisions, the most common ones. */
const MARKED_REVISIONS = 2
/** A shorter pause is none, milliseconds. */
const SHORTEST_PAUSE_MS = 1

/** What is known of a second beside its measured speed. */
interface Second {
  foreign: number | null
  capacity: number | null
  classic: number | null
}

/** The parts of a history that the ledger does not have. */
export type Context = Omit<History, 'from' | 'speeds'>

/** What runs, under the names that marks use. */
type Setup = Record<string, number | string>

/** Remembers the past hour: levels of each second, changes of what runs, and outages. */
export function createTimeline() {
  const seconds = new Map<number, Second>()
  /** In the order in which they became known, and when. */
  let marks: (Mark & { knownAt: number })[] = []
  let outages: Outage[] = []
  let setup: Setup | undefined
  let change: { to: Setup; at: number; steadySince: number } | undefined
  let before: { hashes: number; now: number } | undefined

  /** Keeps the newest hour; what is later than `now` was recorded before the clock was set back. */
  function trim(now: number): void {
    const isKept = (at: number) => at > now - KEEP_S && at <= now
    for (const second of seconds.keys()) if (!isKept(second)) seconds.delete(second)
    marks = marks.filter(({ at }) => isKept(at))
    outages = outages.filter(({ until }) => isKept(until))
    if (change && change.steadySince > now) change = undefined
  }

  function addMark(at: number, text: string, knownAt: number): void {
    marks = [...marks, { at, text, knownAt }].slice(-MAX_KEPT)
  }

  /** Marks a change once it is steady. What ran when the web UI started is no change. */
  function markChanges(next: Setup, now: number): void {
    const texts = setup ? describeChanges(setup, next) : []
    if (setup && texts.length === 0) {
      setup = { ...setup, ...next }
      change = undefined
    } else if (!change || describeChanges(change.to, next).length > 0) {
      change = { to: next, at: change?.at ?? now, steadySince: now }
    } else if (now - change.steadySince >= CONFIRM_S) {
      if (setup) addMark(change.at, texts.join(', '), now)
      setup = { ...setup, ...next }
      change = undefined
    }
  }

  return {
    /** Adds what a snapshot shows. Changes count only if it `isComplete`: all workers reported. */
    add(now: number, hashes: number, pipeline: Pipeline, isComplete: boolean): void {
      const { foreignSpeed, capacity } = pipeline
      const elapsed = before ? now - before.now : Infinity
      // Negative where there was no number before, or where the ledger was emptied.
      const gained = hashes - (before?.hashes ?? Infinity)
      const classic = gained >= 0 && elapsed > 0 && elapsed < MAX_POLL_S ? gained / elapsed : null
      before = { hashes, now }
      trim(now)
      seconds.set(Math.floor(now), { foreign: foreignSpeed, capacity, classic })
      if (isComplete) markChanges(toSetup(pipeline), now)
    },
    /** The ledger was away. */
    addOutage(from: number, until: number): void {
      trim(until)
      outages = [...outages, { from, until }].slice(-MAX_KEPT)
      addMark(from, 'ledger lost', until)
      addMark(until, 'ledger recovered', until)
    },
    /**
     * What is known of `count` seconds from `from`. A mark that became known then may be of an
     * earlier moment.
     */
    window(from: number, count: number): Context {
      const level = (name: keyof Second) =>
        Array.from({ length: count }, (_, index) => round(seconds.get(from + index)?.[name] ?? null))
      return {
        foreign: level('foreign'),
        capacity: level('capacity'),
        classic: level('classic'),
        marks: marks.filter(({ knownAt }) => knownAt >= from).map(({ at, text }) => ({ at, text })),
        outages: outages.filter(({ until }) => until >= from),
      }
    },
  }
}

export type Timeline = ReturnType<typeof createTimeline>

/** What is not known is left out. Only workers report rng and hasher. */
function toSetup({ worker, revisions, rng, hasher, loops, delayMs }: Pipeline): Setup {
  if (worker.count === 0) return { workers: 0 }
  // Reports have no delay where none is set, and where it is not known: a pause shows which.
  const isDelayKnown = delayMs > 0 || (worker.perSecond > 0 && worker.serviceMs < SHORTEST_PAUSE_MS)
  return {
    workers: worker.count,
    ...(rng.count + rng.notResponding > 0 && { rng: rng.count }),
    ...(hasher.count + hasher.notResponding > 0 && { hasher: hasher.count }),
    'loops per worker': loops / worker.count,
    revision: revisions
      .slice(0, MARKED_REVISIONS)
      .map(({ name }) => name)
      .toSorted()
      .join(' + '),
    ...(isDelayKnown && { 'pause in ms': delayMs }),
    'fault of rng': rng.fault ?? 'none',
    'fault of hasher': hasher.fault ?? 'none',
  }
}

/** "workers 1 → 10", "rng 1 → 3" */
function describeChanges(before: Setup, after: Setup): string[] {
  return Object.entries(after)
    .filter(([name, value]) => before[name] !== undefined && format(before[name]) !== format(value))
    .map(([name, value]) => `${name} ${format(before[name]!)} → ${format(value)}`)
}

function format(value: number | string): string {
  return typeof value === 'string' ? value : String(Math.round(value * 10) / 10)
}

/** Hundredths are enough for a graph. */
function round(level: number | null): number | null {
  return level === null ? null : Math.round(level * 100) / 100
}
