import type { FastifyReply, FastifyRequest } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'

import type { CappedLog } from './capped-log.ts'
import { createHistogram } from './fast/histogram.ts'
import { CLIENT_GONE } from './problem.ts'

/** A registry of its own for each service, with the process's figures (CPU, memory, event loop) in it. */
export function createMetrics(): Registry {
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  return metrics
}

interface RequestObserver {
  /** Is called as a request arrives: it is measured to its very end, also where its client goes away. */
  begin: (request: FastifyRequest, reply: FastifyReply) => void
  /** Counts a response to what never became a request. */
  count: (method: string, status: number) => void
}

/** Measures requests and writes them to the access log, save for `probes`. */
export function observeRequests(
  metrics: Registry,
  accessLog: CappedLog | undefined,
  probes: Set<string>,
): RequestObserver {
  const observe = createHistogram(metrics, {
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  })

  return {
    begin(request, { raw: response }) {
      const arrived = performance.now()
      response.on('close', () => {
        const durationMs = performance.now() - arrived
        const { method, url } = request
        // An error is small: where it is not finished, it was written to the bare socket.
        const { writableFinished, statusCode } = response
        const status = writableFinished || statusCode >= 400 ? statusCode : CLIENT_GONE
        observe(durationMs / 1000, method, request.routeOptions.url ?? 'unknown', status)
        if (!probes.has(url)) accessLog?.info(() => accessLine(method, url, status, durationMs))
      })
    },
    count(method, status) {
      observe(0, method, 'unknown', status)
      accessLog?.info(() => accessLine(method, '-', status, 0))
    },
  }
}

/** One line a request, as in any web server. */
function accessLine(
  method: string,
  url: string,
  status: number,
  durationMs: number,
): [fields: object, message: string] {
  const path = url.slice(0, 200)
  const ms = Math.round(durationMs * 10) / 10
  return [{ method, url: path, status, durationMs: ms }, `${method} ${path} ${status} ${ms} ms`]
}
