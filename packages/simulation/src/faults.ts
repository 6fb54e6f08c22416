import { Readable } from 'node:stream'

import { aborted, clientGone, Problem, type Service } from '@dockercoins/service'
import type { FastifyReply } from 'fastify'
import * as v from 'valibot'

import { fault, type Fault } from './settings.ts'

// Faults on purpose (docs/faults.md). This file is loaded only where FAULTS allows them.

const NONE: Fault = { slowerMs: 0, errors: 0, hang: 0, cut: 0, memoryMb: 0, cpu: 0, unready: false, seconds: 0 }
/** The processor is kept busy for a share of each such slice, so that requests get the rest. */
const SLICE_MS = 50
const MIB = 1024 * 1024

/** What faults change of simulated work. */
interface Work {
  config: { delayMs: number }
  simulated: { respond: (reply: FastifyReply, type: string, work: () => Body, remark?: string) => unknown }
}

type Body = string | Buffer | Readable

/** Sets and ends the faults of `service`, by PUT, GET and DELETE of `/faults`. */
export function allowFaults(service: Service, first: Fault | undefined, { config, simulated }: Work): void {
  const { delayMs } = config
  const { respond } = simulated
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
  simulated.respond = async (reply, type, work) => {
    if (Math.random() < current.errors) throw new Problem(500, 'an error on purpose', { 'server-timing': timing })
    return respond(reply, type, () => cut(work()), timing && `, ${timing}`)
  }

  /** Ends the current fault, and begins `next`. */
  function begin(next: Fault): void {
    ending.abort()
    ending = new AbortController()
    current = next
    config.delayMs = delayMs + next.slowerMs
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

  /** A body, or the first half of it. */
  function cut(body: Body): Body {
    if (body instanceof Readable || Math.random() >= current.cut) return body
    return body.slice(0, body.length / 2)
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
