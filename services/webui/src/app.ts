import { readFileSync } from 'node:fs'

import type { Ledger } from '@dockercoins/ledger'
import { createService, Problem, type Service } from '@dockercoins/service'

import type { WebuiConfig } from './config.ts'
import { streamEvents } from './events.ts'
import { settledSecond } from './snapshot.ts'
import { watchLedger } from './watch.ts'

const DEFAULT_HISTORY_S = 900
/** The ledger keeps the speed of each second for an hour. */
const MAX_HISTORY_S = 3600

/** GET / serves the dashboard, which listens to GET /events; GET /json is as in the classic. */
export function buildWebui(config: WebuiConfig, ledger: Ledger): Service {
  const webui = createService('webui', config, { isReady: () => watch.isReady() })
  const watch = watchLedger(ledger, webui.log)
  servePage(webui)

  webui.get('/json', async (_request, reply) => {
    const { coins, hashes } = await orUnavailable(() => ledger.totals())
    return reply.header('cache-control', 'no-store').send({ coins, hashes, now: Date.now() / 1000 })
  })

  webui.get<{ Querystring: { seconds?: unknown } }>('/history', async (request, reply) => {
    const seconds = parseSeconds(request.query.seconds)
    const until = settledSecond(Date.now() / 1000, await orUnavailable(() => ledger.reports()))
    const speeds = await orUnavailable(() => ledger.speeds(until - seconds, seconds))
    return reply.header('cache-control', 'no-store').send({ from: until - seconds, speeds })
  })

  webui.get('/events', (_request, reply) => {
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value ?? '')
    const { raw } = reply
    viewers.add(raw)
    raw.once('close', () => viewers.delete(raw))
    streamEvents(watch, raw)
  })

  const viewers = new Set<{ end(): void }>()
  webui.onStop(() => {
    watch.stop()
    for (const viewer of viewers) viewer.end()
  })
  return webui
}

function servePage(webui: Service): void {
  const html = readFileSync(new URL('page/index.html', import.meta.url))
  const script = readFileSync(new URL('page/page.js', import.meta.url))
  for (const path of ['/', '/index.html']) {
    webui.get(path, (_request, reply) => reply.type('text/html; charset=utf-8').send(html))
  }
  webui.get('/page.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script))
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
