import type { IncomingHttpHeaders } from 'node:http'

import { backoffMs, createOutage, isOwnLimit } from '../outage.ts'
import { exchange, type Request, type Response } from './exchange.ts'
import type { Replica } from './replica.ts'
import { followReplicas, type ReplicasOptions } from './replicas.ts'
import { retryAfterMs } from './retry-after.ts'
import { parseServerTiming, type ServerTiming } from './server-timing.ts'

/** The longest name of a host (RFC 1035): longer ones are cut. */
const MAX_NAME_LENGTH = 253
/** The limit of this process counts as over once it was not met for so long. */
const LIMIT_OVER_MS = 10_000

export interface Answer<T> extends ServerTiming {
  value: T
  /** What is left of the time that the whole call took, retries included: milliseconds. */
  networkMs: number
  servedBy: string
}

/** A service that we call: all the replicas behind its URLs. */
export interface Upstream {
  /**
   * Asks the replicas in turn until one gives a response that `read` accepts, which checks all of it where `isTrial`: then
   * the replica has been lost. Rejects only once the worker is to stop: where a try fails then, or is cut off by `destroy`.
   */
  ask<T>(request: Request, read: (body: Buffer, isTrial: boolean) => T): Promise<Answer<T>>
  /** Whether at least one replica is known that is not lost. */
  isReady(): boolean
  /** Names of the replicas that are lost. */
  notResponding(): string[]
  /** Cuts off every request in hand. */
  destroy(): void
}

export interface UpstreamOptions extends ReplicasOptions {
  /** The longest that a request and its whole response may take. */
  timeoutMs: number
  stop: AbortSignal
  /** Told of each response that says the replica is full. */
  onBackPressure: (upstream: string) => void
}

/** Calls the service `name` until `stop` fires. */
export function createUpstream(name: string, options: UpstreamOptions): Upstream {
  const { timeoutMs, stop, log, onBackPressure } = options
  const replicas = followReplicas(name, options)
  const limit = createOutage({
    log,
    what: 'this worker',
    fields: { upstream: name, ownLimit: true },
    lost: `cannot open a connection to ${name}`,
  })
  let limitAt = 0

  /** Milliseconds to wait before the next try, after a response that was no good one, or none. */
  function judge(replica: Replica, isTrial: boolean, response: Response, ms: number): number | undefined {
    const { status, headers, body } = response
    if (status === 200) return undefined
    const text = body.toString('latin1', 0, 200)
    const told = retryAfterMs(headers['retry-after'])
    if ((status === 503 || status === 429) && told !== undefined) {
      replica.responded(isTrial, ms)
      onBackPressure(name)
      return told
    }
    const error = new Error(`expected 200, got ${status}: ${text}`)
    if (status < 400 || status >= 500) throw error
    replica.responded(isTrial, ms)
    return replica.mistakes.failed(error)
  }

  /** Milliseconds to wait before the next try, after one that failed. */
  function failed(replica: Replica, isTrial: boolean, error: Error, tries: number): number {
    if (!isOwnLimit(error)) {
      replica.failed(isTrial, error)
      return 0
    }
    replica.skipped(isTrial)
    limitAt = performance.now()
    limit.failed(error)
    return backoffMs(tries)
  }

  return {
    isReady: () => replicas.isReady(),
    notResponding: () => replicas.notResponding(),
    destroy: () => replicas.destroy(),
    async ask(request, read) {
      const began = performance.now()
      let startedAt = began
      let refused = 0
      for (let tries = 1; ; tries++) {
        const next = replicas.next()
        const replica = next instanceof Promise ? await next : next
        const isTrial = replica.begin()
        if (tries > 1 || next instanceof Promise) startedAt = performance.now()
        let waitMs = 0
        try {
          const response = await exchange(replica, request, timeoutMs)
          const now = performance.now()
          const { queueMs, workMs, concurrency } = within(
            now - startedAt,
            parseServerTiming(response.headers['server-timing']),
          )
          const busyMs = now - startedAt - queueMs
          const pauseMs = judge(replica, isTrial, response, busyMs)
          if (pauseMs === undefined) {
            const value = read(response.body, isTrial)
            const servedBy = nameIn(response.headers)
            replica.responded(isTrial, busyMs, servedBy)
            replica.mistakes.succeeded()
            if (limit.isOn && now - limitAt > LIMIT_OVER_MS) limit.succeeded()
            const networkMs = Math.max(0, now - began - queueMs - workMs)
            return { queueMs, workMs, concurrency, value, networkMs, servedBy: servedBy ?? replica.host }
          }
          if (stop.aborted)
            throw new Error(`expected 200, got ${response.status}: ${response.body.toString('latin1', 0, 200)}`)
          // Perhaps another replica takes it meanwhile.
          if (++refused >= replicas.open()) {
            waitMs = pauseMs
            refused = 0
          }
        } catch (error) {
          // The neighbours may be stopping just as we are, and that is no loss.
          if (stop.aborted) throw error
          waitMs = failed(replica, isTrial, error as Error, tries)
        }
        if (waitMs > 0) await replicas.wait(waitMs)
      }
    },
  }
}

/** No queue and no work took longer than the request did, whatever a service says. */
function within(elapsedMs: number, { queueMs, workMs, concurrency }: ServerTiming): ServerTiming {
  const queue = Math.min(queueMs, elapsedMs)
  return { queueMs: queue, workMs: Math.min(workMs, elapsedMs - queue), concurrency }
}

function nameIn(headers: IncomingHttpHeaders): string | undefined {
  const name = headers['x-served-by']
  if (name === undefined) return undefined
  const text = String(name)
  // A copy: a part of a text would hold all of it for as long as the name is kept.
  return text.length > MAX_NAME_LENGTH ? Buffer.from(text.slice(0, MAX_NAME_LENGTH)).toString() : text
}
