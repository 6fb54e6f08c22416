import { lookup } from 'node:dns/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Log } from '@dockercoins/service'

import { backoffMs } from './backoff.ts'
import { exchange, type Request } from './exchange.ts'
import { createReplica, ROTATE_MS, type Replica } from './replica.ts'
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
  destroy(): Promise<void>
}

/** Calls the service `name`, whose `urls` are resolved again every few seconds, so that replicas come and go without a restart. */
export function createUpstream(
  name: string,
  { urls, timeoutMs, stop, log }: { urls: URL[]; timeoutMs: number; stop: AbortSignal; log: Log },
): Upstream {
  const destroyed = new AbortController()
  const replicas = new Map<string, { replica: Replica; host: string }>()
  let turn = Math.floor(Math.random() * 1000)

  async function resolve(): Promise<void> {
    const found = new Map<string, { url: URL; address: string }>()
    for (const url of urls) {
      const addresses = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true })
      for (const { address } of addresses) found.set(`${url.origin} ${address}`, { url, address })
    }
    for (const [key, { url, address }] of found) {
      if (!replicas.has(key)) {
        replicas.set(key, { replica: createReplica(name, url, address, timeoutMs, log), host: url.host })
      }
    }
    for (const [key, { replica }] of replicas) {
      if (found.has(key)) continue
      replicas.delete(key)
      void replica.pool.close()
    }
  }

  const resolving = keepResolving(resolve, destroyed.signal, (error) =>
    log.warn(`${name} cannot be found: ${error.message}; trying again until it can`),
  )

  async function nextReplica() {
    for (;;) {
      destroyed.signal.throwIfAborted()
      const all = [...replicas.values()]
      const now = performance.now()
      for (let step = 0; step < all.length; step++) {
        const candidate = all[++turn % all.length]
        if (candidate && candidate.replica.retryAt <= now) return candidate
      }
      const soonest = Math.min(...all.map(({ replica }) => replica.retryAt - now), 100)
      await sleep(soonest, undefined, { signal: destroyed.signal })
    }
  }

  return {
    async ask(request, read) {
      const began = performance.now()
      for (;;) {
        const { replica, host } = await nextReplica()
        const startedAt = performance.now()
        try {
          const { status, headers, body } = await exchange(replica.pool, request, host)
          if (status !== 200) throw new Error(`expected 200, got ${status}: ${body.toString('latin1', 0, 200)}`)
          const value = read(body)
          replica.succeeded(startedAt)
          const { queueMs, workMs } = parseServerTiming(headers['server-timing'])
          const networkMs = Math.max(0, performance.now() - began - queueMs - workMs)
          return { value, queueMs, workMs, networkMs, servedBy: String(headers['x-served-by'] ?? host) }
        } catch (error) {
          // The neighbours may be stopping just as we are, and that is no loss.
          if (stop.aborted) throw error
          replica.failed(error as Error)
        }
      }
    },
    isReady: () => [...replicas.values()].some(({ replica }) => !replica.lost),
    async destroy() {
      destroyed.abort(new Error(`the call to ${name} was cut off`))
      await resolving
      await Promise.all([...replicas.values()].map(({ replica }) => replica.pool.destroy()))
    },
  }
}

/** Resolves now and every ROTATE_MS until `stop`; a failure is told once, and what was found before stays in use. */
async function keepResolving(
  resolve: () => Promise<void>,
  stop: AbortSignal,
  lost: (error: Error) => void,
): Promise<void> {
  let failures = 0
  while (!stop.aborted) {
    try {
      await resolve()
      failures = 0
    } catch (error) {
      if (++failures === 1) lost(error as Error)
    }
    await sleep(failures ? backoffMs(failures) : ROTATE_MS, undefined, { signal: stop }).catch(() => {})
  }
}
