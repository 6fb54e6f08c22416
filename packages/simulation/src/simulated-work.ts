import { Readable } from 'node:stream'

import { createHistogram, type Observe } from '@dockercoins/service'
import { CLIENT_GONE, Problem } from '@dockercoins/service'
import type { Service } from '@dockercoins/service'
import { integer } from '@dockercoins/service'
import type { FastifyReply } from 'fastify'
import { Gauge } from 'prom-client'

import { createLine, type LineConfig } from './queue.ts'

type Body = string | Buffer | Readable

export interface SimulatedWork {
  /**
   * Does `work` when it is this request's turn and DELAY_MS has passed, answers with what it gives, of the media type
   * `type`, and tells in `Server-Timing` where the time went. The route is to return what this returns.
   */
  answer(reply: FastifyReply, type: string, work: () => Body): Promise<unknown> | FastifyReply | undefined
  /** Waits in the same line, and then takes no time. */
  pass(reply: FastifyReply): Promise<void> | void
}

/** The settings of simulated work; rng and hasher differ in how many they serve at a time. */
export function simulatedWorkSettings(options: { concurrency: number; takes: string }) {
  return {
    delayMs: integer('DELAY_MS', {
      default: 100,
      min: 0,
      max: 3_600_000,
      unit: 'ms',
      meaning: `time that ${options.takes} takes; 0 takes the simulation away`,
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

/** Simulated work for the routes of `service`. With `delayMs` 0 there is no line at all. */
export function simulateWork(service: Service, config: LineConfig): SimulatedWork {
  function answer(reply: FastifyReply, type: string, work: () => Body, { queueMs, began, concurrency }: Turn) {
    const body = work()
    const timing = describeTiming(queueMs, performance.now() - began, concurrency)
    if (body instanceof Readable) return reply.type(type).header('server-timing', timing).send(body)
    service.answer(reply, body, type, timing)
    return undefined
  }

  if (config.delayMs === 0) {
    return {
      answer: (reply, type, work) => answer(reply, type, work, { queueMs: 0, began: performance.now() }),
      pass: () => {},
    }
  }

  const line = createLine(config)
  const observeQueue = observeLine(service, line)
  service.onStop(() => line.close())

  async function turn(reply: FastifyReply, how: 'work' | 'pass'): Promise<number> {
    const queueMs = await line.turn(whenGone(reply), how)
    observeQueue(queueMs / 1000)
    return queueMs
  }
  return {
    async answer(reply, type, work) {
      const arrived = performance.now()
      const queueMs = await turn(reply, 'work')
      return answer(reply, type, work, { queueMs, began: arrived + queueMs, concurrency: config.concurrency })
    },
    async pass(reply) {
      await turn(reply, 'pass')
    },
  }
}

interface Turn {
  queueMs: number
  /** When the work began, by performance.now(). */
  began: number
  /** Absent where there is no line. */
  concurrency?: number
}

let newest: { queue: number; work: number; concurrency: number | undefined; text: string } | undefined

/** The value of a `Server-Timing` header (W3C), in tenths of a millisecond. */
function describeTiming(queueMs: number, workMs: number, concurrency: number | undefined): string {
  const queue = Math.round(queueMs * 10)
  const work = Math.round(workMs * 10)
  // Without delays most answers say the same as the one before, and to write numbers takes long.
  if (newest?.queue === queue && newest.work === work && newest.concurrency === concurrency) return newest.text
  const places = concurrency === undefined ? '' : `, concurrency;desc=${concurrency}`
  const text = `queue;dur=${(queue / 10).toFixed(1)}, work;dur=${(work / 10).toFixed(1)}${places}`
  newest = { queue, work, concurrency, text }
  return text
}

/** Fires when the client closes its connection before it has its answer. */
function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  const leave = () => gone.abort(new Problem(CLIENT_GONE, 'the client went away'))
  if (reply.raw.destroyed) leave()
  else reply.raw.once('close', leave)
  return gone.signal
}

function observeLine(service: Service, line: { waiting: number; serving: number }): Observe {
  const registers = [service.metrics]
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('dockercoins_queue_requests', 'Requests waiting in line.', () => line.waiting)
  gauge('dockercoins_serving_requests', 'Requests being served.', () => line.serving)
  return createHistogram(service.metrics, {
    name: 'dockercoins_queue_seconds',
    help: 'Time that requests waited in line.',
    labelNames: [],
    buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 100],
  })
}
