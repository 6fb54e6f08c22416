import type { ServerResponse } from 'node:http'

import type { FastifyInstance } from 'fastify'

import { capLog } from '../log.ts'
import { PROBES } from '../probes.ts'
import { statusOf } from '../protocol.ts'
import { createHistogram } from './histogram.ts'

// Fastify's own request log costs two listeners, a clock and a logger per request: without it rng
// and hasher are 1.08 × as fast. It also leaves out clients that go away.

/** What the metrics and the log say of a request. */
export interface Observed {
  method: string
  url: string
  route: string | undefined
}

/** Measures the requests of `service`, and with `accessLog` writes all but probes to the log. */
export function observeRequests(service: FastifyInstance, accessLog: boolean) {
  const log = accessLog ? capLog(service.log, 'requests') : undefined
  service.addHook('onClose', () => log?.flush())
  const observe = createHistogram(service.metrics, {
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its response.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  })

  return {
    /** Measures a request whose response is closed, or whose client went away. */
    end({ method, url, route }: Observed, response: ServerResponse, durationMs: number): void {
      const status = statusOf(response)
      observe(durationMs / 1000, method, route ?? 'unknown', status)
      if (!PROBES.has(url)) log?.info(() => accessLine(method, url, status, durationMs))
    },
    /** Counts a response outside Fastify. */
    count(method: string, status: number): void {
      observe(0, method, 'unknown', status)
      log?.info(() => accessLine(method, '-', status, 0))
    },
  }
}

function accessLine(method: string, url: string, status: number, durationMs: number): [object, string] {
  const path = url.slice(0, 200)
  const ms = Math.round(durationMs * 10) / 10
  return [{ method, url: path, status, durationMs: ms }, `${method} ${path} ${status} ${ms} ms`]
}
