import type { ServerResponse } from 'node:http'

import type { Snapshot, Update } from './api.ts'
import type { ReadHistory } from './history.ts'

/** One viewer more gets 503. */
export const MAX_VIEWERS = 1000
/** A viewer with more unread bytes is too slow and is dropped. Its browser reconnects by itself. */
const MAX_UNREAD_BYTES = 32 * 1024
/**
 * A viewer has to reconnect after about this long, milliseconds. The system buffers megabytes for a
 * viewer that does not read before we can notice it. It also spreads viewers over new replicas.
 */
const ROTATE_MS = 60_000
/** Browsers reconnect after this time, milliseconds. */
const RETRY_MS = 500
const INTERVAL_MS = 1000
/** Headers of `GET /events`. */
export const eventHeaders = {
  'content-type': 'text/event-stream',
  // Ask proxies to neither compress nor buffer events (nginx reads the second header).
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  connection: 'close',
}
/** A comment, so that proxies pass on the start of the stream before the first update. */
const WAITING = ': waiting for the ledger\n\n'

/**
 * The viewers of `GET /events`. The id of an event is the end of its newest second, and a viewer
 * that sends one back gets every second since. A page of another version than `pageVersion` reloads.
 */
export function createEventStream(readHistory: ReadHistory, pageVersion: string) {
  /** Each viewer, and when it has to reconnect. */
  const viewers = new Map<ServerResponse, number>()
  let latest: Update | undefined

  async function welcome(viewer: ServerResponse, lastEventId: string): Promise<void> {
    if (!latest) return send(viewer, WAITING)
    return send(viewer, toEvent('pipeline' in latest ? await withMissed(latest, lastEventId) : latest))
  }

  /** The snapshot with every second since `lastEventId`. */
  async function withMissed(snapshot: Snapshot, lastEventId: string): Promise<Snapshot> {
    const missed = /^\d{1,12}$/.test(lastEventId) ? settledUntil(snapshot) - Number(lastEventId) : 0
    const wanted = missed + snapshot.history.speeds.length
    const history = missed > 0 && (await readHistory(wanted).catch(() => undefined))
    return history ? { ...snapshot, history } : snapshot
  }

  return {
    isSaturated: () => viewers.size >= MAX_VIEWERS,
    /** Sends events (HTML standard, section 9.2) to a viewer until either side closes. */
    add(viewer: ServerResponse, lastEventId = '') {
      viewer.write(`retry: ${RETRY_MS}\nevent: page\ndata: ${pageVersion}\n\n`)
      // Jitter, so that viewers do not reconnect at the same moment.
      viewers.set(viewer, performance.now() + ROTATE_MS * (0.75 + Math.random() / 2))
      viewer.once('close', () => viewers.delete(viewer))
      void welcome(viewer, lastEventId)
    },
    /** Sends an update to all viewers. */
    publish(update: Update) {
      latest = update
      const event = Buffer.from(toEvent(update))
      const now = performance.now()
      for (const [viewer, rotateAt] of viewers) {
        send(viewer, event)
        if (now > rotateAt) viewer.end()
      }
    },
    stop() {
      for (const viewer of viewers.keys()) viewer.end()
    },
  }
}

function send(viewer: ServerResponse, event: Buffer | string): void {
  if (viewer.writableLength > MAX_UNREAD_BYTES) viewer.destroy()
  else if (!viewer.writableEnded) viewer.write(event)
}

/** The end of the newest settled second. */
function settledUntil({ history }: Snapshot): number {
  return history.from + history.speeds.length
}

function toEvent(update: Update): string {
  const head = 'pipeline' in update ? `event: snapshot\nid: ${settledUntil(update)}` : 'event: ledger-lost'
  return `${head}\ndata: ${JSON.stringify(update)}\n\n`
}

/** Reads and publishes an update once per second until the returned function is called. */
export function publishEverySecond(read: () => Promise<Update>, publish: (update: Update) => void): () => void {
  let isReading = false

  async function readAndPublish(): Promise<void> {
    if (isReading) return
    isReading = true
    publish(await read())
    isReading = false
  }

  const timer = setInterval(() => void readAndPublish(), INTERVAL_MS)
  void readAndPublish()
  return () => clearInterval(timer)
}
