import type { ServerResponse } from 'node:http'

import type { News, Watch } from './watch.ts'

/** A viewer that has so much yet to read is too slow and is dropped; its browser connects again by itself. Bytes. */
const MAX_UNREAD_BYTES = 256 * 1024

/** Sends the news to one viewer as Server-Sent Events (HTML standard, section 9.2), until either side closes. */
export function streamEvents(watch: Watch, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1000\n\n')
  const unsubscribe = watch.subscribe((news) => {
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy()
    else response.write(toEvent(news))
  })
  response.once('close', unsubscribe)
}

function toEvent(news: News): string {
  return `event: snapshot\nid: ${Math.floor(news.now)}\ndata: ${JSON.stringify(news)}\n\n`
}
