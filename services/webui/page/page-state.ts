import { computed, signal } from '@preact/signals'

import type { History, LedgerLost, Mark, Outage, Snapshot, Update } from '../src/api.ts'
import { mergeMarks, mergeOutages } from './past-events.ts'
import { reloadPage } from './reload.ts'
import { createSeries } from './series.ts'
import { describeStatus, LOST_AFTER_S, type Connection } from './status.ts'

const HOUR_S = 3600
/** So long after the ledger recovered, workers have recorded what they kept, milliseconds. */
const LATE_MS = 5000
/** A snapshot older than the previous one by more: the server's clock was set back. Seconds. */
const STEP_S = 2
/** A connection silent for this long is dead, even without an error. Seconds. */
const SILENCE_S = 10

/** The newest snapshot. It stays while the ledger or the server is away. */
export const snapshot = signal<Snapshot | undefined>(undefined)
/** Graph data; `seriesVersion` changes when they do. */
export const series = {
  measured: createSeries(),
  foreign: createSeries(),
  capacity: createSeries(),
  classic: createSeries(),
}
export const seriesVersion = signal(0)
/** Of the past hour, oldest first. */
export const marks = signal<Mark[]>([])
export const outages = signal<Outage[]>([])

/** Moves once per second, whatever the server does. */
const clock = signal(readClock())
/** How far the server's clock was ahead of it at the newest snapshot, seconds. */
const serverAhead = signal(0)
const connection = signal<Omit<Connection, 'now'>>({
  update: undefined,
  updatedAt: 0,
  disconnectedSince: undefined,
  isOtherVersion: false,
})

/** The state of the connection, the ledger and the workers. */
export const status = computed(() => describeStatus({ ...connection.value, now: clock.value }))

/** The server's time, seconds since the epoch, also while the server is away. */
export const serverNow = computed(() => clock.value + serverAhead.value)

/** Since when no numbers come, in the server's time, and why. Undefined while they come. */
export const away = computed((): { from: number; text: string } | undefined => {
  const { update, disconnectedSince = Infinity } = connection.value
  if (clock.value - disconnectedSince >= LOST_AFTER_S) {
    return { from: disconnectedSince + serverAhead.value, text: 'no connection' }
  }
  if (update && 'ledgerLostSince' in update) return { from: update.ledgerLostSince, text: 'ledger away' }
  return undefined
})

let events: EventSource | undefined
let receivedAt = 0

/** Reads events while the page is visible: a browser has few connections for all its tabs. */
export function connectWhileVisible(): void {
  setInterval(() => {
    clock.value = readClock()
    if (!document.hidden && clock.value - receivedAt > SILENCE_S) connect()
  }, 1000)
  document.addEventListener('visibilitychange', () => (document.hidden ? events?.close() : connect()))
  connect()
  void readHistory()
}

function connect(): void {
  events?.close()
  receivedAt = readClock()
  events = new EventSource('events')
  events.addEventListener('page', ({ data }: MessageEvent<string>) => {
    const isOtherVersion = data !== document.documentElement.dataset['version']
    changeConnection({ disconnectedSince: undefined, isOtherVersion })
    if (isOtherVersion) void reloadPage()
  })
  events.addEventListener('snapshot', ({ data }: MessageEvent<string>) => takeSnapshot(JSON.parse(data) as Snapshot))
  events.addEventListener('ledger-lost', ({ data }: MessageEvent<string>) => takeUpdate(JSON.parse(data) as LedgerLost))
  // The browser reconnects by itself. After a proxy's error it does not; then the silence makes us.
  events.addEventListener('error', () => {
    changeConnection({ disconnectedSince: connection.value.disconnectedSince ?? readClock() })
  })
}

function changeConnection(change: Partial<Connection>): void {
  connection.value = { ...connection.value, ...change }
}

function takeUpdate(update: Update): void {
  clock.value = receivedAt = readClock()
  changeConnection({ update, updatedAt: receivedAt })
}

function takeSnapshot(next: Snapshot): void {
  const { from } = next.history
  const { update } = connection.value
  if (snapshot.value && next.now < snapshot.value.now - STEP_S) {
    for (const each of Object.values(series)) each.forgetFrom(from + next.history.speeds.length)
    marks.value = marks.value.filter(({ at }) => at <= next.now)
    outages.value = outages.value.filter(({ until }) => until <= next.now)
  }
  // The page may have missed more than a snapshot sends again.
  if (series.measured.until > 0 && series.measured.until < from) void readHistory()
  // Workers now record what they kept while the ledger was away, which may be older still.
  if (update && 'ledgerLostSince' in update) setTimeout(readHistory, LATE_MS)
  serverAhead.value = next.now - readClock()
  snapshot.value = next
  addHistory(next.history)
  takeUpdate(next)
}

async function readHistory(): Promise<void> {
  const response = await fetch(`history?seconds=${HOUR_S}`).catch(() => undefined)
  if (response?.ok) addHistory((await response.json()) as History)
}

function addHistory({ from, speeds, foreign, capacity, classic, ...sent }: History): void {
  series.measured.add(from, speeds)
  series.foreign.add(from, foreign)
  series.capacity.add(from, capacity)
  series.classic.add(from, classic)
  const begin = series.measured.until - HOUR_S
  marks.value = mergeMarks(marks.value, sent.marks).filter(({ at }) => at > begin)
  outages.value = mergeOutages(outages.value, sent.outages).filter(({ until }) => until > begin)
  seriesVersion.value++
}

/** Seconds since the epoch by a monotonic clock, which is right when the wall clock is set. */
function readClock(): number {
  return (performance.timeOrigin + performance.now()) / 1000
}
