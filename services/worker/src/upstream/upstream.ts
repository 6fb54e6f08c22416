import { setTimeout as sleep } from 'node:timers/promises'

import type { UpstreamReport } from '@dockercoins/ledger'
import type { Span } from '@dockercoins/service/tracing'

import type { HttpRequest } from '../fast/http-client.ts'
import { parseServerTiming, type ServerTiming } from '../fast/server-timing.ts'
import { createOutage, isOwnLimit } from '../outage.ts'
import type { Replica } from './replica.ts'
import { followReplicas, type ReplicasOptions } from './replicas.ts'
import { parseRetryAfter, parseServedBy } from './response-headers.ts'

/** The worker counts as below its own limits after so long without meeting one, in milliseconds. */
const OWN_LIMIT_CALM_MS = 10_000
/** A fault on purpose is reported for so long after a response that names it, in milliseconds. */
const FAULT_MS = 3_000

export interface UpstreamResponse<T> extends Omit<ServerTiming, 'fault'> {
  value: T
  /** The rest of the time that the call took, retries included, in milliseconds. */
  networkMs: number
  /** How often the request was refused before, as back-pressure. */
  refused: number
  /** The name of the replica. */
  servedBy: string
}

export type Health = Pick<UpstreamReport, 'notResponding' | 'fault'>

interface Call<T> {
  request: HttpRequest
  /** Checks a body and returns what it contains. A trial, after an outage, checks all of it. */
  read: (body: Buffer, isTrial: boolean) => T
  /** The unit of work that it is a part of, where traces are on. */
  unit: Span | undefined
  beganAt: number
  refused: number
}

export interface UpstreamOptions extends Pick<ReplicasOptions, 'urls' | 'log'> {
  /** The deadline of a request and its whole response, in milliseconds. */
  timeoutMs: number
  stop: AbortSignal
  /** Called for each response that is back-pressure. */
  onBackPressure: (upstream: string) => void
}

export type Upstream = ReturnType<typeof createUpstream>

/** The client of the service `name`: one call, many replicas. */
export function createUpstream(name: string, { timeoutMs, stop, onBackPressure, ...options }: UpstreamOptions) {
  const { next, changed, ...replicas } = followReplicas({ ...options, upstream: name, tryRequest })
  const ownLimit = createOutage(options.log, {
    what: 'this worker',
    fields: { upstream: name, ownLimit: true },
    problem: `this worker cannot open a connection to ${name}`,
    calmMs: OWN_LIMIT_CALM_MS,
  })
  let lastCall: Call<unknown> | undefined
  let lastFault = { text: '', at: -Infinity }

  /** Repeats the last request. No call waits for it, so a replica that hangs holds up none. */
  async function tryRequest(replica: Replica): Promise<void> {
    if (lastCall) await send(replica, lastCall, true)
  }

  /** Returns the response, or the milliseconds to leave the replica alone. Rejects when it fails. */
  async function send<T>(replica: Replica, call: Call<T>, isTrial: boolean): Promise<UpstreamResponse<T> | number> {
    const sentAt = performance.now()
    const { statusCode, headers, body } = await replica.request(
      call.request,
      timeoutMs,
      isTrial ? undefined : call.unit,
    )
    const now = performance.now()
    const { queueMs, workMs, concurrency, fault } = parseServerTiming(headers['server-timing'], now - sentAt)
    if (fault) lastFault = { text: fault, at: now }
    const serviceMs = now - sentAt - queueMs
    if (statusCode === 200) {
      const value = call.read(body, isTrial)
      const servedBy = parseServedBy(headers['x-served-by'])
      replica.responded(serviceMs, servedBy)
      replica.mistakes.succeeded()
      ownLimit.succeeded()
      const networkMs = Math.max(0, now - call.beganAt - queueMs - workMs)
      return {
        queueMs,
        workMs,
        concurrency,
        value,
        networkMs,
        refused: call.refused,
        servedBy: servedBy ?? replica.host,
      }
    }
    const error = new Error(`expected 200, got ${statusCode}: ${body.toString('latin1', 0, 200)}`)
    const retryAfterMs = statusCode === 503 || statusCode === 429 ? parseRetryAfter(headers['retry-after']) : undefined
    const isMistake = statusCode >= 400 && statusCode < 500
    if (stop.aborted || (retryAfterMs === undefined && !isMistake)) throw error
    replica.responded(serviceMs)
    if (retryAfterMs === undefined) return replica.mistakes.failed(error)
    call.refused++
    onBackPressure(name)
    return retryAfterMs
  }

  return {
    ...replicas,
    /** What a report contains of the state of the replicas. */
    health: (): Health => ({
      notResponding: replicas.notResponding(),
      ...(performance.now() - lastFault.at < FAULT_MS && { fault: lastFault.text }),
    }),
    /**
     * Sends the request to one replica after the other until `read` accepts a response. Rejects
     * after `destroy`, and for any failure while the worker stops.
     */
    async request<T>(request: HttpRequest, read: Call<T>['read'], unit?: Span): Promise<UpstreamResponse<T>> {
      const call = { request, read, unit, beganAt: performance.now(), refused: 0 }
      lastCall = call
      // The replicas that have refused the request, and how long each is to be left alone.
      let refusals: Map<Replica, number> | undefined
      for (;;) {
        const replica = next(refusals)
        if (!replica) {
          if (refusals && replicas.isReady()) await sleep(Math.min(...refusals.values()))
          else await changed()
          refusals = undefined
          continue
        }
        try {
          const result = await send(replica, call, false)
          if (typeof result !== 'number') return result
          refusals ??= new Map()
          refusals.set(replica, result)
        } catch (error) {
          // The replicas may be stopping too, and that is no loss.
          if (stop.aborted) throw error
          if (isOwnLimit(error as Error)) await sleep(ownLimit.failed(error as Error))
          else replica.failed(error as Error)
        }
      }
    },
  }
}
