import { exchange, type Request } from './exchange.ts'
import { followReplicas, type ReplicasOptions } from './replicas.ts'
import { parseServerTiming, type ServerTiming } from './server-timing.ts'

export interface Answer<T> extends ServerTiming {
  value: T
  /** What is left of the time that the whole call took, retries included: milliseconds. */
  networkMs: number
  servedBy: string
}

/** A service that we call: all the replicas behind its URLs. */
export interface Upstream {
  /**
   * Asks the replicas in turn until one gives an answer that `read` accepts. Rejects only once the worker is to stop: where
   * a try fails then, or is cut off by `destroy`.
   */
  ask<T>(request: Request, read: (body: Buffer) => T): Promise<Answer<T>>
  /** Whether at least one replica is known that is not lost. */
  isReady(): boolean
  /** Cuts off every request in hand. */
  destroy(): void
}

/** Calls the service `name` until `stop` fires. */
export function createUpstream(name: string, options: ReplicasOptions & { stop: AbortSignal }): Upstream {
  const replicas = followReplicas(name, options)

  return {
    isReady: () => replicas.isReady(),
    destroy: () => replicas.destroy(),
    async ask(request, read) {
      const began = performance.now()
      let startedAt = began
      for (;;) {
        let replica = replicas.next(startedAt)
        if (!replica) {
          replica = await replicas.wait()
          startedAt = performance.now()
        }
        try {
          const { status, headers, body } = await exchange(replica.pool, request)
          if (status !== 200) throw new Error(`expected 200, got ${status}: ${body.toString('latin1', 0, 200)}`)
          const value = read(body)
          replica.succeeded(startedAt)
          const { queueMs, workMs, concurrency } = parseServerTiming(headers['server-timing'])
          const networkMs = Math.max(0, performance.now() - began - queueMs - workMs)
          const servedBy = String(headers['x-served-by'] ?? replica.host)
          return { queueMs, workMs, concurrency, value, networkMs, servedBy }
        } catch (error) {
          // The neighbours may be stopping just as we are, and that is no loss.
          if (options.stop.aborted) throw error
          replica.failed(error as Error)
          startedAt = performance.now()
        }
      }
    },
  }
}
