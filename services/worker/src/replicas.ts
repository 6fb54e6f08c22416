import { lookup } from 'node:dns/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Log } from '@dockercoins/service'

import { backoffMs } from './backoff.ts'
import { createReplica, ROTATE_MS, type Replica } from './replica.ts'

/** How long a call waits at most before it looks again whether a replica can be asked, in milliseconds. */
const LOOK_AGAIN_MS = 100

/** All replicas behind some URLs, as names resolve at the moment. */
export interface Replicas {
  /** The next one in turn that may be asked now, if there is one. */
  next(): Replica | undefined
  /** Waits until there is one. Rejects once `destroy` was called. */
  wait(): Promise<Replica>
  /** Whether there is one that is not lost. */
  isReady(): boolean
  /** Cuts off every request in hand. */
  destroy(): void
}

export interface ReplicasOptions {
  urls: URL[]
  timeoutMs: number
  log: Log
}

/** The replicas of the service `name`. Each URL is resolved again every few seconds, so that they come and go without a restart. */
export function followReplicas(name: string, { urls, timeoutMs, log }: ReplicasOptions): Replicas {
  const destroyed = new AbortController()
  const replicas = new Map<string, Replica>()
  let all: Replica[] = []
  let turn = Math.floor(Math.random() * 1000)

  async function resolve(url: URL): Promise<void> {
    const addresses = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true })
    if (destroyed.signal.aborted) return
    const found = new Map(addresses.map(({ address }) => [`${url.origin} ${address}`, address]))
    for (const [key, address] of found) {
      if (!replicas.has(key)) replicas.set(key, createReplica(name, url, address, timeoutMs, log))
    }
    for (const [key, replica] of replicas) {
      if (!key.startsWith(`${url.origin} `) || found.has(key)) continue
      replicas.delete(key)
      void replica.pool.close()
    }
    all = [...replicas.values()]
    log.debug(`${name} at ${url.origin} is ${[...found.values()].join(', ')}`)
  }

  /** A name that cannot be resolved is told once, and what it resolved to before stays in use. */
  async function keepResolving(url: URL): Promise<void> {
    for (let failures = 0; !destroyed.signal.aborted;) {
      try {
        await resolve(url)
        if (failures > 0) log.info(`${name} at ${url.origin} is found again`)
        failures = 0
      } catch (error) {
        if (++failures === 1)
          log.warn(`${name} at ${url.origin} cannot be found: ${(error as Error).message}; trying again`)
      }
      await sleep(failures ? backoffMs(failures) : ROTATE_MS, undefined, { signal: destroyed.signal }).catch(() => {})
    }
  }

  for (const url of urls) void keepResolving(url)

  function next(): Replica | undefined {
    if (destroyed.signal.aborted) return undefined
    const now = performance.now()
    for (let step = 0; step < all.length; step++) {
      const candidate = all[++turn % all.length]
      if (candidate && candidate.retryAt <= now) return candidate
    }
    return undefined
  }

  return {
    next,
    async wait() {
      for (;;) {
        destroyed.signal.throwIfAborted()
        const replica = next()
        if (replica) return replica
        const now = performance.now()
        const soonestMs = Math.min(...all.map(({ retryAt }) => retryAt - now), LOOK_AGAIN_MS)
        await sleep(Math.max(0, soonestMs), undefined, { signal: destroyed.signal })
      }
    },
    isReady: () => all.some(({ lost }) => !lost),
    destroy() {
      destroyed.abort(new Error(`the calls to ${name} were cut off`))
      for (const { pool } of all) void pool.destroy()
    },
  }
}
