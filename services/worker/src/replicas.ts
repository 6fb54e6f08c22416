import { lookup } from 'node:dns/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Log } from '@dockercoins/service'

import { backoffMs } from './backoff.ts'
import { createReplica, type Replica } from './replica.ts'

/** How often names are resolved again and connections replaced, in milliseconds. */
const ROTATE_MS = 5_000
/** How long a call waits at most before it looks again whether a replica can be asked, in milliseconds. */
const LOOK_AGAIN_MS = 100

/** All replicas behind some URLs, as names resolve at the moment. */
export interface Replicas {
  /** The next one in turn that may be asked at `now` (performance.now), if there is one. */
  next(now: number): Replica | undefined
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
  /** No longer asked, but perhaps still answering. */
  const leaving = new Set<Replica['pool']>()
  let turn = Math.floor(Math.random() * 1000)

  async function resolve(url: URL): Promise<void> {
    const addresses = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true })
    if (destroyed.signal.aborted) return
    const found = new Map(addresses.map(({ address }) => [`${url.origin} ${address}`, address]))
    for (const [key, address] of found) {
      const known = replicas.get(key)
      if (known) leave(known.rotate())
      else replicas.set(key, createReplica(name, url, address, timeoutMs, log))
    }
    for (const [key, replica] of replicas) {
      if (!key.startsWith(`${url.origin} `) || found.has(key)) continue
      replicas.delete(key)
      leave(replica.pool)
    }
    all = [...replicas.values()]
    log.debug(`${name} at ${url.origin} is ${[...found.values()].join(', ')}`)
  }

  /** Lets what is in hand on these connections finish, and closes them. */
  function leave(pool: Replica['pool']): void {
    leaving.add(pool)
    void pool.close().finally(() => leaving.delete(pool))
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

  function next(now: number): Replica | undefined {
    if (destroyed.signal.aborted) return undefined
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
        const now = performance.now()
        const replica = next(now)
        if (replica) return replica
        const soonestMs = Math.min(...all.map(({ retryAt }) => retryAt - now), LOOK_AGAIN_MS)
        await sleep(Math.max(0, soonestMs), undefined, { signal: destroyed.signal })
      }
    },
    isReady: () => all.some(({ lost }) => !lost),
    destroy() {
      destroyed.abort(new Error(`the calls to ${name} were cut off`))
      for (const pool of [...leaving, ...all.map((replica) => replica.pool)]) void pool.destroy()
    },
  }
}
