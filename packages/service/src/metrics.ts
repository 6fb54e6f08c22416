import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

import type { CappedLog } from './capped-log.ts'
import { CLIENT_GONE } from './problem.ts'

/** A registry of its own for each service, with the process's figures (CPU, memory, event loop) in it. */
export function createMetrics(): Registry {
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  return metrics
}

/** Measures every request to its very end, also one whose client went away, and hands it to the access log, save for `probes`. */
export function observeRequests(
  service: FastifyInstance,
  metrics: Registry,
  accessLog: CappedLog | undefined,
  probes: Set<string>,
): void {
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [metrics],
  })

  service.addHook('onRequest', (request, reply, done) => {
    const arrived = performance.now()
    const { method, url } = request
    reply.raw.once('close', () => {
      const durationMs = performance.now() - arrived
      const status = reply.raw.writableFinished ? reply.raw.statusCode : CLIENT_GONE
      seconds.observe({ method, route: request.routeOptions.url ?? 'unknown', status }, durationMs / 1000)
      if (accessLog && !probes.has(url)) logAccess(accessLog, { method, url, status, durationMs })
    })
    done()
  })
  service.addHook('onClose', () => accessLog?.flush())
}

/** One line a request, as in any web server. */
function logAccess(
  accessLog: CappedLog,
  { method, url, status, durationMs }: { method: string; url: string; status: number; durationMs: number },
): void {
  const path = url.slice(0, 200)
  const ms = Math.round(durationMs * 10) / 10
  accessLog.info({ method, url: path, status, durationMs: ms }, `${method} ${path} ${status} ${ms} ms`)
}
