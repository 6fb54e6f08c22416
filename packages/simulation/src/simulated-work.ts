import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

import { clientGone, createHistogram, integer, type Service, type Shortcut, type Span } from '@dockercoins/service'
import type { FastifyReply } from 'fastify'
import { Gauge } from 'prom-client'

import { allowFaults, faultsSetting, type Fault } from './faults.ts'
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
    faults: faultsSetting,
  }
}

interface SimulatedWorkConfig extends QueueConfig {
  /** false: faults are not allowed. */
  faults: Fault | undefined | false
}

/** Simulated work for the routes of `service`, with the faults that `config` allows. */
export function simulateWork(service: Service, { faults: first, ...config }: SimulatedWorkConfig) {
  const isOff = first === false && config.delayMs === 0
  if (first === false) return simulate(service, config, isOff ? undefined : createServiceQueue(service, config))
  const faults = allowFaults(service, first)
  const slower = {
    ...config,
    get delayMs() {
      return config.delayMs + faults.slowerMs
    },
  }
  const simulated = simulate(service, slower, createServiceQueue(service, slower))
  const respond: typeof simulated.respond = async (reply, type, work) => {
    faults.fail()
    return simulated.respond(reply, type, () => faults.cut(work()), faults.timing)
  }
  return { ...simulated, respond }
}

/** The usual request of a route, and the media type of its response. `serve` calls `respond` once. */
interface UsualRequest extends Omit<Shortcut, 'serve'> {
  type: string
  serve: (request: IncomingMessage, respond: (work: () => string | Buffer) => void) => void
}

/** With `delayMs` 0 no request waits. */
function simulate(service: Service, config: QueueConfig, enter: Enter | undefined) {
  return {
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
        const workMs = performance.now() - arrived - queueMs
        const { span } = reply.request
        if (span) traceTimes(span, arrived, queueMs, workMs)
        return reply
          .type(type)
          .header('server-timing', toTiming(queueMs, workMs) + rest)
          .send(body)
      }
    },
    /** Waits in the same queue. The service time is none. */
    pass: async (reply: FastifyReply): Promise<unknown> => enter?.(reply, 'pass'),
    /** Serves the usual request past Fastify where nothing is simulated. */
    addShortcut({ type, serve, ...usual }: UsualRequest): void {
      if (enter) return
      service.addShortcut({
        ...usual,
        serve: (request, send) =>
          serve(request, (work) => {
            const arrived = performance.now()
            const body = work()
            send({ type, body, timing: toTiming(0, performance.now() - arrived) })
          }),
      })
    },
  }
}

/** The two times of `Server-Timing` as parts of the request's span. */
function traceTimes(span: Span, arrived: number, queueMs: number, workMs: number): void {
  const began = arrived + queueMs
  span.start('queue', { at: arrived }).end({ at: began })
  span.start('work', { at: began }).end({ at: began + workMs })
}

/** Waits in the queue, and resolves to the milliseconds spent there. */
type Enter = (reply: FastifyReply, how?: 'pass') => Promise<number>

/** The queue of `service`, with its metrics. Returns the function that waits in it. */
function createServiceQueue(service: Service, config: QueueConfig): Enter {
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
