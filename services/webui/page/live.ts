import { computed, effect, signal } from '@preact/signals'

import type { History } from '../src/history.ts'
import type { Snapshot } from '../src/snapshot.ts'
import type { Update } from '../src/watch.ts'
import { createSeries } from './series.ts'
import { describeState } from './state.ts'

const HOUR_S = 3600
/** How far back the page looks to tell whether the counter moves, in seconds. */
const COUNTING_S = 5

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

/** Listens to the server from now on. */
export function listen(): void {
  setInterval(() => (clock.value = Date.now() / 1000), 1000)
  connect()
  void readHistory()
}

function connect(): void {
  const events = new EventSource('events')
  events.addEventListener('page', ({ data }: MessageEvent<string>) => {
    disconnectedSince.value = undefined
    if (pageVersion !== undefined && data !== pageVersion) location.reload()
    pageVersion = data
  })
  events.addEventListener('snapshot', ({ data }: MessageEvent<string>) => take(JSON.parse(data) as Snapshot))
  events.addEventListener('ledger-lost', ({ data }: MessageEvent<string>) => tell(JSON.parse(data) as Update))
  events.addEventListener('error', () => {
    disconnectedSince.value ??= Date.now() / 1000
    // The browser tries again by itself unless the answer was no stream of events: a proxy's error, say.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 1000)
  })
}

function tell(next: Update): void {
  clock.value = updatedAt.value = Date.now() / 1000
  update.value = next
}

function take(next: Snapshot): void {
  const from = next.settledUntil - next.speeds.length
  // What this page missed may be more than a snapshot tells again.
  if (series.until > 0 && series.until < from) void readHistory()
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
  const stored = localStorage.getItem(name)
  const choice = signal<T>(all.find((one) => one === stored) ?? all[0])
  effect(() => localStorage.setItem(name, choice.value))
  return choice
}
