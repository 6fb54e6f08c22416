import type { OutgoingHttpHeaders } from 'node:http'

import type { Ledger } from '@dockercoins/ledger'
import { createService, Problem, unavailable, type Service } from '@dockercoins/service'

import type { History, Totals, Update } from './api.ts'
import type { WebuiConfig } from './config.ts'
import { createEventStream, eventHeaders, MAX_VIEWERS, publishEverySecond } from './event-stream.ts'
import { createHistory, MAX_HISTORY_S } from './history.ts'
import { createLedgerMetrics } from './metrics.ts'
import { servePage, type Page } from './page.ts'
import { findVariables } from './scale-command.ts'
import { securityHeaders } from './security-headers.ts'
import { createSnapshotReader } from './snapshot-reader.ts'
import { createTimeline } from './timeline.ts'

/** GET / serves the dashboard, which reads /events and /history; /json is as in the classic. */
export function buildWebui(config: WebuiConfig, ledger: Ledger, page: Page): Service {
  // Ready without the ledger: the page itself shows that the ledger is away.
  const webui = createService('webui', config, { headers: securityHeaders(page.html, config.frameAncestors) })
  const timeline = createTimeline()
  const readHistory = createHistory(ledger, timeline)
  const viewers = createEventStream(readHistory, page.version)
  const { platform, basePort } = config
  const start = { platform, basePort, variables: findVariables(platform, process.env) }
  const readSnapshot = createSnapshotReader(ledger, start, timeline, webui.log)
  const measure = createLedgerMetrics(webui.metrics)
  const stopReading = publishEverySecond(readTraced, (update) => {
    measure(update)
    viewers.publish(update)
  })
  webui.addHook('preClose', async () => {
    stopReading()
    viewers.stop()
  })

  servePage(webui, page)

  webui.get('/json', async (_request, reply): Promise<Totals> => {
    const { coins, hashes } = await orUnavailable(ledger.totals())
    reply.header('cache-control', 'no-store')
    return { coins, hashes, now: Date.now() / 1000 }
  })

  webui.get<{ Querystring: { seconds?: unknown } }>('/history', async (request, reply): Promise<History> => {
    const seconds = parseSeconds(request.query.seconds)
    reply.header('cache-control', 'no-store')
    return orUnavailable(readHistory(seconds))
  })

  webui.get('/events', (request, reply) => {
    if (viewers.isSaturated()) throw new Problem(503, `expected at most ${MAX_VIEWERS} viewers`, { 'retry-after': '5' })
    reply.headers(eventHeaders)
    if (request.method === 'HEAD') return reply.send()
    reply.hijack()
    reply.raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders)
    viewers.add(reply.raw, request.headers['last-event-id']?.toString())
    return reply
  })

  return webui

  /** A snapshot, which is a trace of its own. */
  async function readTraced(): Promise<Update> {
    const span = webui.tracing?.start('read snapshot')
    const update = await readSnapshot()
    span?.end({ error: 'ledgerLostSince' in update ? 'the ledger is lost' : undefined })
    return update
  }
}

function orUnavailable<T>(result: Promise<T>): Promise<T> {
  return result.catch(() => {
    throw unavailable('the ledger cannot be reached: try again in a moment')
  })
}

function parseSeconds(seconds: unknown = '900'): number {
  const isValid = typeof seconds === 'string' && /^[1-9]\d{0,3}$/.test(seconds) && Number(seconds) <= MAX_HISTORY_S
  if (isValid) return Number(seconds)
  const received = JSON.stringify(seconds).slice(0, 100)
  throw new Problem(400, `expected seconds to be a whole number from 1 to ${MAX_HISTORY_S}, got ${received}`)
}
