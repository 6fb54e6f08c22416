import { computed, effect, signal } from '@preact/signals'

import type { History } from '../src/history.ts'
import type { Snapshot } from '../src/snapshot.ts'
import type { Update } from '../src/watch.ts'
import { keep, recall } from './memory.ts'
import { createSeries } from './series.ts'
import { describeState } from './state.ts'

const HOUR_S = 3600
/** How far back the page looks to tell whether the counter moves, in seconds. */
const COUNTING_S = 5

/** Within this time after the ledger is back workers have told what they kept, in milliseconds. */
const LATE_MS = 5000

/** The true speed of every second that the page knows. Read it after `seriesVersion`, which tells when it changed. */
export const series = createSeries()
export const seriesVersion = signal(0)

const update = signal<Update | undefined>(undefined)
const updatedAt = signal(0)
const disconnectedSince = signal<number | undefined>(undefined)
const countedAt = signal(0)
/** Seconds since the epoch by this computer's clock; moves once a second, whatever the server does. */
const clock = signal(Date.now() / 1000)

/** The newest snapshot, kept while the ledger or the server is away. */
export const snapshot = signal<Snapshot | undefined>(undefined)

export const state = computed(() =>
  describeState({
    update: update.value,
    updatedAt: updatedAt.value,
    disconnectedSince: disconnectedSince.value,
    now: clock.value,
    isCounting: clock.value - countedAt.value < COUNTING_S,
  }),
)

/** The server's time now, seconds since the epoch, also while it is away. */
export const serverNow = computed(() =>
  snapshot.value ? clock.value + (snapshot.value.now - snapshotAt) : clock.value,
)

/** This computer's time at which the newest snapshot came. */
let snapshotAt = 0
let pageVersion: string | undefined

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
  clock.value = Date.now() / 1000
  if (!document.hidden && clock.value - heardAt > SILENCE_S) connect()
}

function connect(): void {
  events?.close()
  heardAt = Date.now() / 1000
  events = new EventSource('events')
  events.addEventListener('page', ({ data }: MessageEvent<string>) => {
    disconnectedSince.value = undefined
    if (pageVersion !== undefined && data !== pageVersion) location.reload()
    pageVersion = data
  })
  events.addEventListener('snapshot', ({ data }: MessageEvent<string>) => take(JSON.parse(data) as Snapshot))
  events.addEventListener('ledger-lost', ({ data }: MessageEvent<string>) => tell(JSON.parse(data) as Update))
  // The browser tries again by itself; where it does not, as the answer was no stream of events but a proxy's error, we do.
  events.addEventListener('error', () => (disconnectedSince.value ??= Date.now() / 1000))
}

function tell(next: Update): void {
  clock.value = updatedAt.value = heardAt = Date.now() / 1000
  update.value = next
}

function take(next: Snapshot): void {
  const from = next.settledUntil - next.speeds.length
  // What this page missed may be more than a snapshot tells again.
  if (series.until > 0 && series.until < from) void readHistory()
  // Workers that kept what they found while the ledger was away tell it now, and that may be older still.
  if (update.value && !('pipeline' in update.value)) setTimeout(readHistory, LATE_MS)
  if (snapshot.value && next.hashes !== snapshot.value.hashes) countedAt.value = Date.now() / 1000
  snapshotAt = Date.now() / 1000
  snapshot.value = next
  extend({ from, speeds: next.speeds })
  tell(next)
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
