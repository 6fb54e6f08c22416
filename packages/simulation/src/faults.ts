import { Readable } from 'node:stream'

import { aborted, clientGone, Problem, text, type Service } from '@dockercoins/service'
import type { FastifyReply } from 'fastify'
import * as v from 'valibot'

// Faults on purpose (docs/faults.md). Nothing of this file is in the path of a request unless FAULTS
// allows it.

const share = v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0)
const whole = (max: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max)), 0)

/** What goes wrong, and for how many seconds. A share is a part of the requests, 0 to 1. */
const fault = v.strictObject({
  /** Further service time of each request, milliseconds. A request may take it after the end. */
  slowerMs: whole(10_000),
  /** Share of requests that get 500. */
  errors: share,
  /** Share of requests, probes included, that get no response before the fault ends. */
  hang: share,
  /** Share of responses that lack the second half of their body. */
  cut: share,
  /** Memory that is kept, MiB. */
  memoryMb: whole(1024),
  /** Part of a processor that is kept busy, 0 to 1. */
  cpu: share,
  /** Whether `/readyz` returns 503. */
  unready: v.optional(v.boolean(), false),
  /** Every fault ends by itself. */
  seconds: v.pipe(v.number(), v.minValue(1), v.maxValue(3600)),
})
export type Fault = v.InferOutput<typeof fault>

const NONE: Fault = { slowerMs: 0, errors: 0, hang: 0, cut: 0, memoryMb: 0, cpu: 0, unready: false, seconds: 0 }
/** The processor is kept busy for a share of each such slice, so that requests get the rest. */
const SLICE_MS = 50
const MIB = 1024 * 1024

/** Whether faults are allowed, and the one that begins when the service starts. */
export const faultsSetting = text<Fault | undefined | false>('FAULTS', {
  default: false,
  shown: 'not allowed',
  meaning: '`allow` lets `PUT /faults` break the service on purpose; a fault in JSON begins at the start',
  expected: '"allow", or a fault such as {"errors":0.1,"seconds":60} (docs/faults.md)',
  schema: v.union([
    v.pipe(
      v.literal('allow'),
      v.transform(() => undefined),
    ),
    v.pipe(v.string(), v.parseJson(), fault),
  ]),
})

/** Sets and ends the faults of `service`, by PUT, GET and DELETE of `/faults`. */
export function allowFaults(service: Service, first: Fault | undefined) {
  let current = NONE
  /** The current fault as `Server-Timing` has it. */
  let timing = ''
  let ending = new AbortController()
  let endsAt = 0

  if (first) begin(first)
  service.addHook('preClose', async () => begin(NONE))
  service.addHook('onRequest', async ({ url }, reply) => {
    if (url === '/faults' || url === '/metrics') return
    if (Math.random() < current.hang) await hang(reply)
    if (current.unready && url === '/readyz') throw new Problem(503, 'not ready, on purpose')
  })
  service.put('/faults', { bodyLimit: 1024 }, async ({ body }) => {
    const { success, output, issues } = v.safeParse(fault, body)
    if (!success) throw new Problem(400, `expected a fault: ${issues.map(inWords).join('; ')}`)
    begin(output)
    return state()
  })
  service.get('/faults', async () => state())
  service.delete('/faults', async () => {
    begin(NONE)
    return state()
  })

  /** Ends the current fault, and begins `next`. */
  function begin(next: Fault): void {
    ending.abort()
    ending = new AbortController()
    current = next
    timing = next === NONE ? '' : `fault;desc="${describe(next)}"`
    if (next === NONE) return
    endsAt = performance.now() + next.seconds * 1000
    const timer = setTimeout(begin, next.seconds * 1000, NONE)
    const effects = [keepMemory(next.memoryMb), keepBusy(next.cpu)]
    ending.signal.addEventListener('abort', () => {
      clearTimeout(timer)
      for (const stop of effects) stop()
      service.log.warn('the fault on purpose has ended')
    })
    service.log.warn({ fault: next }, `a fault on purpose: ${describe(next)}, for ${next.seconds} s`)
  }

  /** Resolves when the fault ends. Rejects when the client goes away. */
  async function hang({ raw }: FastifyReply): Promise<void> {
    const gone = clientGone(raw)
    await aborted(AbortSignal.any([ending.signal, gone]))
    gone.throwIfAborted()
  }

  /** The current fault with the seconds that are left, or an empty object. */
  function state(): object {
    return current === NONE ? {} : { ...current, seconds: Math.ceil((endsAt - performance.now()) / 1000) }
  }

  return {
    /** Further service time of a request, in milliseconds. */
    get slowerMs() {
      return current.slowerMs
    },
    /** What `Server-Timing` has besides the times. */
    get timing() {
      return timing && `, ${timing}`
    },
    /** Throws for a share of the requests. */
    fail(): void {
      if (Math.random() < current.errors) throw new Problem(500, 'an error on purpose', { 'server-timing': timing })
    },
    /** A body, or the first half of it. */
    cut<T extends string | Buffer | Readable>(body: T): T | string | Buffer {
      if (body instanceof Readable || Math.random() >= current.cut) return body
      return body.slice(0, body.length / 2)
    },
  }
}

/** "500 ms slower, errors 10 %" */
function describe({ slowerMs, errors, hang, cut, memoryMb, cpu, unready }: Fault): string {
  const parts = [
    slowerMs > 0 && `${slowerMs} ms slower`,
    errors > 0 && `errors ${percent(errors)}`,
    hang > 0 && `hangs ${percent(hang)}`,
    cut > 0 && `cuts ${percent(cut)}`,
    memoryMb > 0 && `keeps ${memoryMb} MiB`,
    cpu > 0 && `processor ${percent(cpu)}`,
    unready && 'not ready',
  ]
  return parts.filter(Boolean).join(', ') || 'nothing'
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

/** "errors: Invalid value: Expected <=1 but received 2" */
function inWords(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? 'the body'}: ${issue.message}`
}

/** Keeps so much memory until the returned function is called. */
function keepMemory(mib: number): () => void {
  let kept: Buffer | undefined = mib > 0 ? Buffer.alloc(mib * MIB, 1) : undefined
  return () => (kept = kept && undefined)
}

/** Keeps a part of a processor busy until the returned function is called. */
function keepBusy(part: number): () => void {
  if (part === 0) return () => {}
  const timer = setInterval(() => {
    const until = performance.now() + part * SLICE_MS
    while (performance.now() < until);
  }, SLICE_MS)
  return () => clearInterval(timer)
}
