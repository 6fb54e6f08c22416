import type { ServerResponse } from 'node:http'

import type { createHistory } from './history.ts'
import type { Snapshot } from './snapshot.ts'
import type { Update, Watch } from './watch.ts'

/** A viewer that has left so much unread is too slow and is dropped; its browser connects again by itself. Bytes. */
const MAX_UNREAD_BYTES = 32 * 1024
/**
 * A viewer is asked to come back after about this long, milliseconds. The system buffers megabytes for one that does not
 * read before we can notice; so it is a minute's worth at most. It also spreads viewers over replicas that were added.
 */
const ROTATE_MS = 60_000
/** One more is answered 503. */
export const MAX_VIEWERS = 1000
export const eventHeaders = {
  'content-type': 'text/event-stream',
  // Ask proxies to pass each event on at once: neither compress nor buffer it (nginx reads the second header).
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  connection: 'close',
}
/** After a lost connection browsers come back within this time, milliseconds. */
const RETRY_MS = 500

/** As long as there is no update to send, a viewer is sent this comment, so that proxies pass on that the stream has begun. */
const WAITING = Buffer.from(': waiting for the ledger\n\n')

export interface Viewers {
  /** Sends Server-Sent Events (HTML standard, section 9.2) to one more viewer, until either side closes. */
  add(response: ServerResponse, lastEventId: string | undefined): void
  /** Whether there are as many viewers as there may be. */
  isFull(): boolean
  /** Lets all viewers go. */
  stop(): void
}

/**
 * Sends each update of `watch` to all viewers. The id of an event is the end of the newest second that it tells of; whoever
 * names one is sent every second since. `pageVersion` lets a page that is older than this server load itself again.
 */
export function createViewers(
  watch: Watch,
  readHistory: ReturnType<typeof createHistory>,
  pageVersion: string,
): Viewers {
  /** Each with the moment at which it is asked to come back. */
  const viewers = new Map<ServerResponse, number>()
  const unsubscribe = watch.subscribe((update) => {
    const event = toEvent(update)
    const now = performance.now()
    for (const [viewer, rotateAt] of viewers) {
      send(viewer, event)
      if (now > rotateAt) viewer.end()
    }
  })

  async function welcome(viewer: ServerResponse, lastEventId: string | undefined): Promise<void> {
    const update = watch.latest()
    if (!update) return send(viewer, WAITING)
    return send(viewer, toEvent('pipeline' in update ? await withMissed(update, lastEventId) : update))
  }

  /** The snapshot with all that a viewer missed since it saw `lastEventId`. */
  async function withMissed(snapshot: Snapshot, lastEventId = ''): Promise<Snapshot> {
    const { settledUntil, speeds } = snapshot
    const seconds = /^\d{1,12}$/.test(lastEventId) ? settledUntil - Number(lastEventId) + speeds.length : 0
    if (seconds <= speeds.length) return snapshot
    const history = await readHistory(seconds).catch(() => undefined)
    return history
      ? { ...snapshot, settledUntil: history.from + history.speeds.length, speeds: history.speeds }
      : snapshot
  }

  return {
    add(response, lastEventId) {
      response.writeHead(200, eventHeaders)
      response.write(`retry: ${RETRY_MS}\nevent: page\ndata: ${pageVersion}\n\n`)
      // Not all at once.
      viewers.set(response, performance.now() + ROTATE_MS * (0.75 + Math.random() / 2))
      response.once('close', () => viewers.delete(response))
      void welcome(response, lastEventId)
    },
    isFull: () => viewers.size >= MAX_VIEWERS,
    stop() {
      unsubscribe()
      for (const viewer of viewers.keys()) viewer.end()
    },
  }
}

function send(viewer: ServerResponse, event: Buffer): void {
  if (viewer.writableLength > MAX_UNREAD_BYTES) viewer.destroy()
  else if (!viewer.writableEnded) viewer.write(event)
}

function toEvent(update: Update): Buffer {
  const head = 'pipeline' in update ? `event: snapshot\nid: ${update.settledUntil}` : 'event: ledger-lost'
  return Buffer.from(`${head}\ndata: ${JSON.stringify(update)}\n\n`)
}
