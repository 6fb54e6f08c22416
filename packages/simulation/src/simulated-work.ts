import type { Readable } from 'node:stream'

import { clientGone, createHistogram, type Service, type Shortcut } from '@dockercoins/service'
import type { FastifyReply } from 'fastify'
import { Gauge } from 'prom-client'

import { createQueue, type QueueConfig } from './queue.ts'
import type { SimulatedWorkConfig } from './settings.ts'

export { simulatedWorkSettings } from './settings.ts'

/** Simulated work for the routes of `service`, with the faults that `config` allows. */
export function simulateWork(service: Service, { faults, ...config }: SimulatedWorkConfig) {
  if (faults !== false)
    service.register(async () => {
      const { allowFaults } = await import('./faults.ts')
      allowFaults(service, faults, { config, simulated })
    })
  const isOff = faults === false && config.delayMs === 0
  const enter = isOff ? undefined : createServiceQueue(service, config)

  // faults.ts replaces `respond`, so routes call it as a method.
  const simulated = {
    /**
     * Waits in the queue and for the service time, and responds with the result of `work` and a
     * `Server-Timing` header. The route returns what this returns.
     */
    respond(reply: FastifyReply, type: string, work: () => string | Buffer | Readable, remark = '') {
      const arrived = performance.now()
      if (!enter || config.delayMs === 0) return send(0, remark)
      return enter(reply).then((queueMs) => send(queueMs, `, concurrency;desc=${config.concurrency}${remark}`))

      function send(queueMs: number, rest: string): FastifyReply {
        const body = work()
        const began = arrived + queueMs
        const workMs = performance.now() - began
        const { span } = reply.request
        span?.start('queue', { at: arrived }).end({ at: began })
        span?.start('work', { at: began }).end({ at: began + workMs })
        return reply
          .type(type)
          .header('server-timing', toTiming(queueMs, workMs) + rest)
          .send(body)
      }
    },
    /** Waits in the same queue. The service time is none. */
    pass: async (reply: FastifyReply): Promise<unknown> => enter?.(reply, 'pass'),
    /** Serves the usual request past Fastify where nothing is simulated. */
    addShortcut(usual: Omit<Shortcut, 'timing'>): void {
      if (!enter) service.addShortcut({ ...usual, timing: (workMs) => toTiming(0, workMs) })
    },
  }
  return simulated
}

/** Waits in the queue, and resolves to the milliseconds spent there. */
type Enter = (reply: FastifyReply, how?: 'pass') => Promise<number>

/** The queue of `service`, with its metrics. Returns the function that waits in it. */
function createServiceQueue(service: Service, config: QueueConfig): Enter {
  const queue = createQueue(config)
  // After the hook of faults.ts, if there is one: a request that hangs is served when it ends.
  service.after(() => service.addHook('preClose', async () => queue.close()))

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

  return async ({ raw }, how) => {
    const queueMs = await queue.enter(clientGone(raw), how)
    observe(queueMs / 1000)
    return queueMs
  }
}

/** Server Timing (W3C), in tenths of a millisecond. */
function toTiming(queueMs: number, workMs: number): string {
  return `queue;dur=${toTenths(queueMs)}, work;dur=${toTenths(workMs)}`
}

function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
