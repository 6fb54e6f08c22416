import { Readable } from 'node:stream'

import { CLIENT_GONE, createHistogram, integer, Problem, sendSmall, type Service } from '@dockercoins/service'
import type { FastifyReply } from 'fastify'
import { Gauge } from 'prom-client'

import { createQueue, type Queue, type QueueConfig } from './queue.ts'

type Body = string | Buffer | Readable

export interface SimulatedWork {
  /**
   * Waits in the queue and for the service time, and responds with the result of `work`, whose
   * media type is `type`. The
   * `Server-Timing` header says where the time went. The route returns what this returns.
   */
  respond(reply: FastifyReply, type: string, work: () => Body): Promise<unknown> | FastifyReply | undefined
  /** Waits in the same queue. The service time is none. */
  pass(reply: FastifyReply): Promise<unknown>
}

/** The settings of simulated work; the default of `concurrency` differs between rng and hasher. */
export function simulatedWorkSettings(options: { concurrency: number; takes: string }) {
  return {
    delayMs: integer('DELAY_MS', {
      default: 100,
      min: 0,
      max: 3_600_000,
      unit: 'ms',
      meaning: `time that ${options.takes} takes; 0 switches the simulation off`,
    }),
    concurrency: integer('CONCURRENCY', {
      default: options.concurrency,
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
export function simulateWork(service: Service, config: QueueConfig): SimulatedWork {
  if (config.delayMs === 0) {
    return {
      respond: (reply, type, work) => timeAndSend(reply, type, work, { queueMs: 0, began: performance.now() }),
      pass: () => Promise.resolve(),
    }
  }

  const queue = createQueue(config)
  const observeQueueing = measureQueue(service, queue)
  service.addHook('preClose', (done) => {
    queue.close()
    done()
  })

  async function enter(reply: FastifyReply, how?: 'pass'): Promise<number> {
    const queueMs = await queue.enter(whenGone(reply), how)
    observeQueueing(queueMs / 1000)
    return queueMs
  }
  return {
    async respond(reply, type, work) {
      const arrived = performance.now()
      const queueMs = await enter(reply)
      const began = arrived + queueMs
      return timeAndSend(reply, type, work, { queueMs, began, concurrency: config.concurrency })
    },
    pass: (reply) => enter(reply, 'pass'),
  }
}

function timeAndSend(
  reply: FastifyReply,
  type: string,
  work: () => Body,
  { queueMs, began, concurrency }: { queueMs: number; began: number; concurrency?: number },
): FastifyReply | undefined {
  const body = work()
  const places = concurrency === undefined ? '' : `, concurrency;desc=${concurrency}`
  const timing = `queue;dur=${toTenths(queueMs)}, work;dur=${toTenths(performance.now() - began)}${places}`
  if (body instanceof Readable) return reply.type(type).header('server-timing', timing).send(body)
  sendSmall(reply, body, type, timing)
  return undefined
}

function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10
}

/** Fires when the client closes its connection before it has its response. */
function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  const leave = () => gone.abort(new Problem(CLIENT_GONE, 'the client went away'))
  if (reply.raw.destroyed) leave()
  else reply.raw.once('close', leave)
  return gone.signal
}

/** Adds the metrics of `queue`. Returns what counts the seconds that a request waited. */
function measureQueue({ metrics }: Service, queue: Queue): (seconds: number) => void {
  const addGauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(read())
      },
    })
  addGauge('dockercoins_queue_requests', 'Requests waiting in the queue.', () => queue.waiting)
  addGauge('dockercoins_serving_requests', 'Requests being served.', () => queue.serving)
  return createHistogram(metrics, {
    name: 'dockercoins_queue_seconds',
    help: 'Time that requests waited in the queue.',
    labelNames: [],
    buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 100],
  })
}
