import { Readable } from 'node:stream'

import { CLIENT_GONE, createHistogram, integer, Problem, sendSmall, type Service } from '@dockercoins/service'
import type { FastifyReply } from 'fastify'
import { Gauge } from 'prom-client'

import { createQueue, type QueueConfig } from './queue.ts'

/** The settings of simulated work; the default of `concurrency` differs between rng and hasher. */
export function simulatedWorkSettings({ concurrency, takes }: { concurrency: number; takes: string }) {
  return {
    delayMs: integer('DELAY_MS', {
      default: 100,
      min: 0,
      max: 3_600_000,
      unit: 'ms',
      meaning: `time that ${takes} takes; 0 switches the simulation off`,
    }),
    concurrency: integer('CONCURRENCY', {
      default: concurrency,
      min: 1,
      max: 1_000_000,
      meaning: 'requests served at a time; the rest wait in arrival order',
    }),
    maxQueue: integer('MAX_QUEUE', {
      default: 1000,
      min: 0,
      max: 1_000_000,
      meaning: 'waiting requests; one more is answered 503 with `Retry-After`',
    }),
  }
}

/** Simulated work for the routes of `service`. With `delayMs` 0 there is no queue. */
export function simulateWork(service: Service, config: QueueConfig) {
  const enter = config.delayMs === 0 ? undefined : createServiceQueue(service, config)
  return {
    /**
     * Waits in the queue and for the service time, and responds with the result of `work` and a
     * `Server-Timing` header. The route returns what this returns.
     */
    respond(reply: FastifyReply, type: string, work: () => string | Buffer | Readable) {
      const arrived = performance.now()
      if (!enter) return send(0, '')
      return enter(reply).then((queueMs) => send(queueMs, `, concurrency;desc=${config.concurrency}`))

      function send(queueMs: number, places: string): FastifyReply | undefined {
        const body = work()
        const workMs = performance.now() - arrived - queueMs
        const timing = `queue;dur=${toTenths(queueMs)}, work;dur=${toTenths(workMs)}${places}`
        if (body instanceof Readable) return reply.type(type).header('server-timing', timing).send(body)
        sendSmall(reply, body, type, timing)
        return undefined
      }
    },
    /** Waits in the same queue. The service time is none. */
    pass: async (reply: FastifyReply): Promise<unknown> => enter?.(reply, 'pass'),
  }
}

/** The queue of `service`, with its metrics. Returns the function that waits in it. */
function createServiceQueue(service: Service, config: QueueConfig) {
  const queue = createQueue(config)
  service.addHook('preClose', async () => queue.close())

  const addGauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [service.metrics],
      collect() {
        this.set(read())
      },
    })
  addGauge('dockercoins_queue_requests', 'Requests waiting in the queue.', () => queue.waiting)
  addGauge('dockercoins_serving_requests', 'Requests being served.', () => queue.serving)
  const observe = createHistogram(service.metrics, {
    name: 'dockercoins_queue_seconds',
    help: 'Time that requests waited in the queue.',
    labelNames: [],
    buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 100],
  })

  return async ({ raw }: FastifyReply, how?: 'pass'): Promise<number> => {
    const gone = new AbortController()
    const leave = () => gone.abort(new Problem(CLIENT_GONE, 'the client went away'))
    if (raw.destroyed) leave()
    else raw.once('close', leave)
    const queueMs = await queue.enter(gone.signal, how)
    observe(queueMs / 1000)
    return queueMs
  }
}

function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
