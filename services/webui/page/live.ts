import { computed, effect, signal } from '@preact/signals'

import type { History } from '../src/history.ts'
import type { Snapshot } from '../src/snapshot.ts'
import type { Update } from '../src/watch.ts'
import { keep, recall } from './memory.ts'
import { createSeries, type Series } from './series.ts'
import { describeState } from './state.ts'
import { reloadPage } from './versions.ts'

const HOUR_S = 3600

/** Within this time after the ledger recovered workers have recorded what they kept, in milliseconds. */
const LATE_MS = 5000
/** The server's clock was set back when a snapshot is older than the one before by more than this, in seconds. */
const STEP_S = 2
/** Two snapshots that are further apart, in seconds, leave a gap between the levels that they report. */
const NEXT_S = 3

/** The measured speed of every second that the page knows. Read these after `seriesVersion`, which changes when they do. */
export const series = createSeries()
/** Of the seconds that this page has seen: the speed of workers that do not report, and the capacity. */
export const foreignSeries = createSeries()
export const capacitySeries = createSeries()
export const seriesVersion = signal(0)

const update = signal<Update | undefined>(undefined)
const updatedAt = signal(0)
const disconnectedSince = signal<number | undefined>(undefined)
const isOtherVersion = signal(false)
/** Seconds since the epoch by a clock that nobody sets; moves once per second, whatever the server does. */
const clock = signal(readClock())

/** The newest snapshot, kept while the ledger or the server is away. */
export const snapshot = signal<Snapshot | undefined>(undefined)

export const state = computed(() =>
  describeState({
    update: update.value,
    updatedAt: updatedAt.value,
    disconnectedSince: disconnectedSince.value,
    now: clock.value,
    isOtherVersion: isOtherVersion.value,
  }),
)

/** The server's time now, seconds since the epoch, also while it is away. */
export const serverNow = computed(() =>
  snapshot.value ? clock.value + (snapshot.value.now - snapshotAt) : clock.value,
)

/** This computer's time at which the newest snapshot came. */
let snapshotAt = 0
const pageVersion = document.documentElement.dataset['version']

/** A connection that is silent for so long, in seconds, is dead although nobody said so: a laptop slept, a router forgot it. */
const SILENCE_S = 10

let events: EventSource | undefined
let heardAt = 0

/** Listens to the server from now on, while somebody can see the page: a browser has few connections for all its tabs. */
export function listen(): void {
  setInterval(tick, 1000)
  document.addEventListener('visibilitychange', () => (document.hidden ? events?.close() : connect()))
  connect()
  void readHistory()
}

function tick(): void {
  clock.value = readClock()
  if (!document.hidden && clock.value - heardAt > SILENCE_S) connect()
}

function connect(): void {
  events?.close()
  heardAt = readClock()
  events = new EventSource('events')
  events.addEventListener('page', ({ data }: MessageEvent<string>) => {
    disconnectedSince.value = undefined
    isOtherVersion.value = data !== pageVersion
    if (isOtherVersion.value) void reloadPage()
  })
  events.addEventListener('snapshot', ({ data }: MessageEvent<string>) => take(JSON.parse(data) as Snapshot))
  events.addEventListener('ledger-lost', ({ data }: MessageEvent<string>) => tell(JSON.parse(data) as Update))
  // The browser tries again by itself; where it does not, as the answer was no stream of events but a proxy's error, we do.
  events.addEventListener('error', () => (disconnectedSince.value ??= readClock()))
}

function tell(next: Update): void {
  clock.value = updatedAt.value = heardAt = readClock()
  update.value = next
}

function take(next: Snapshot): void {
  const from = next.settledUntil - next.speeds.length
  if (snapshot.value && next.now < snapshot.value.now - STEP_S) {
    for (const some of [series, foreignSeries, capacitySeries]) some.forgetFrom(next.settledUntil)
  }
  // What this page missed may be more than a snapshot sends again.
  if (series.until > 0 && series.until < from) void readHistory()
  // Workers that kept what they found while the ledger was away record it now, and that may be older still.
  if (update.value && !('pipeline' in update.value)) setTimeout(readHistory, LATE_MS)
  snapshotAt = readClock()
  snapshot.value = next
  addLevel(foreignSeries, next.now, next.foreignSpeed)
  addLevel(capacitySeries, next.now, next.capacity)
  extend({ from, speeds: next.speeds })
  tell(next)
}

/** The level of the second in which `now` is, and of those since the snapshot before, if that was just before. */
function addLevel(levels: Series, now: number, level: number | null): void {
  const second = Math.floor(now)
  const from = second - levels.until < NEXT_S ? Math.min(levels.until, second) : second
  levels.add(from, Array<number | null>(second + 1 - from).fill(level))
}

/** Seconds since the epoch, as it was right when the page was loaded: differences hold whenever the wall clock is set. */
function readClock(): number {
  return (performance.timeOrigin + performance.now()) / 1000
}

async function readHistory(): Promise<void> {
  const response = await fetch(`history?seconds=${HOUR_S}`).catch(() => undefined)
  if (response?.ok) extend((await response.json()) as History)
}

function extend({ from, speeds }: History): void {
  series.add(from, speeds)
  seriesVersion.value++
}

/** A choice of this viewer's, kept from visit to visit. */
export function createChoice<T extends string>(name: string, all: readonly [T, ...T[]]) {
  const kept = recall(name)
  const choice = signal<T>(all.find((one) => one === kept) ?? all[0])
  effect(() => keep(name, choice.value))
  return choice
}
