import type { Ledger } from '@dockercoins/ledger'
import { createService, Problem, type Service } from '@dockercoins/service'
import compress from '@fastify/compress'
import etag from '@fastify/etag'

import type { WebuiConfig } from './config.ts'
import { createViewers, eventHeaders, MAX_VIEWERS } from './events.ts'
import { createHistory, MAX_HISTORY_S } from './history.ts'
import { servePage, type Page } from './page.ts'
import { securityHeaders } from './security-headers.ts'
import { createSnapshotReader } from './snapshot.ts'
import { watchLedger } from './watch.ts'

const DEFAULT_HISTORY_S = 900

/** GET / serves the dashboard, which listens to GET /events; GET /json is as in the classic. */
export function buildWebui(config: WebuiConfig, ledger: Ledger, page: Page): Service {
  // Ready whatever the ledger does: the page itself says that it is away.
  const webui = createService('webui', config, { headers: securityHeaders(page, config.frameAncestors) })
  const watch = watchLedger(createSnapshotReader(ledger, config.platform), webui.log)
  const readHistory = createHistory(ledger)
  const viewers = createViewers(watch, readHistory, page.version)
  webui.addHook('preClose', async () => {
    watch.stop()
    viewers.stop()
  })

  webui.register(etag, { weak: true })
  webui.register(compress)
  webui.register((routes, _options, done) => {
    addRoutes(routes)
    done()
  })
  return webui

  /** In a scope of their own, for what is registered before them must be there first. */
  function addRoutes(routes: Service): void {
    servePage(routes, page)

    routes.get('/json', async (_request, reply) => {
      const { coins, hashes } = await orUnavailable(() => ledger.totals())
      return reply.header('cache-control', 'no-store').send({ coins, hashes, now: Date.now() / 1000 })
    })

    routes.get<{ Querystring: { seconds?: unknown } }>('/history', async (request, reply) => {
      const seconds = parseSeconds(request.query.seconds)
      const history = await orUnavailable(() => readHistory(seconds))
      return reply.header('cache-control', 'no-store').send(history)
    })

    routes.get('/events', (request, reply) => {
      if (request.method === 'HEAD') return reply.headers(eventHeaders).send()
      if (viewers.isFull()) throw new Problem(503, `expected at most ${MAX_VIEWERS} viewers`, { 'retry-after': '5' })
      reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value ?? '')
      viewers.add(reply.raw, request.headers['last-event-id']?.toString())
      return reply
    })
  }
}

async function orUnavailable<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch {
    throw new Problem(503, 'the ledger cannot be reached: try again in a moment', { 'retry-after': '1' })
  }
}

function parseSeconds(seconds: unknown = String(DEFAULT_HISTORY_S)): number {
  const valid =
    typeof seconds === 'string' && /^\d{1,4}$/.test(seconds) && Number(seconds) >= 1 && Number(seconds) <= MAX_HISTORY_S
  if (valid) return Number(seconds)
  const came = JSON.stringify(seconds).slice(0, 100)
  throw new Problem(400, `expected seconds to be a whole number from 1 to ${MAX_HISTORY_S}, got ${came}`)
}
