import type { Ledger } from '@dockercoins/ledger'
import { createService, Problem, type Service } from '@dockercoins/service'

import type { History, Totals } from './api.ts'
import type { WebuiConfig } from './config.ts'
import { createEventStream, eventHeaders, MAX_VIEWERS, publishSnapshots } from './event-stream.ts'
import { createHistory, MAX_HISTORY_S } from './history.ts'
import { indexHtml, servePage, type Page } from './page.ts'
import { securityHeaders } from './security-headers.ts'
import { createSnapshotReader } from './snapshot-reader.ts'

const DEFAULT_HISTORY_S = 900

/** GET / serves the dashboard, which reads /events and /history; /json is as in the classic. */
export function buildWebui(config: WebuiConfig, ledger: Ledger, page: Page): Service {
  // Ready without the ledger: the page itself shows that the ledger is away.
  const headers = securityHeaders(indexHtml(page.files), config.frameAncestors)
  const webui = createService('webui', config, { headers })
  const readHistory = createHistory(ledger)
  const viewers = createEventStream(readHistory, page.version)
  const stopReading = publishSnapshots(
    createSnapshotReader(ledger, config.platform),
    (update) => viewers.publish(update),
    webui.log,
  )
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
    if (request.method === 'HEAD') return reply.headers(eventHeaders).send()
    if (viewers.isSaturated()) throw new Problem(503, `expected at most ${MAX_VIEWERS} viewers`, { 'retry-after': '5' })
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value ?? '')
    viewers.add(reply.raw, request.headers['last-event-id']?.toString())
    return reply
  })

  return webui
}

async function orUnavailable<T>(result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch {
    throw new Problem(503, 'the ledger cannot be reached: try again in a moment', { 'retry-after': '1' })
  }
}

function parseSeconds(seconds: unknown = String(DEFAULT_HISTORY_S)): number {
  const isValid = typeof seconds === 'string' && /^[1-9]\d{0,3}$/.test(seconds) && Number(seconds) <= MAX_HISTORY_S
  if (isValid) return Number(seconds)
  const received = JSON.stringify(seconds).slice(0, 100)
  throw new Problem(400, `expected seconds to be a whole number from 1 to ${MAX_HISTORY_S}, got ${received}`)
}
