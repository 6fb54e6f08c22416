import { lookup } from 'node:dns/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Log } from '@dockercoins/service'

import { createOutage } from '../outage.ts'
import { createReplica, type Replica } from './replica.ts'

/** How often names are resolved again, in milliseconds. */
const RESOLVE_MS = 5_000

/** All replicas behind some URLs, as names resolve at the moment. */
export interface Replicas {
  /** How many there are that may be given a request. */
  open(): number
  /** The next one in turn that may be given a request; waits until there is one. Rejects once `destroy` was called. */
  next(): Replica | Promise<Replica>
  /** Resolves after so many milliseconds. Rejects once `destroy` was called. */
  wait(ms: number): Promise<void>
  /** Whether there is one that is not lost. */
  isReady(): boolean
  /** Names of those that are lost. */
  notResponding(): string[]
  /** Cuts off every request in hand. */
  destroy(): void
}

export interface ReplicasOptions {
  urls: URL[]
  log: Log
}

interface Waiter {
  resolve: (replica: Replica) => void
  reject: (error: Error) => void
}

/** The replicas of the service `upstream`. Each URL is resolved again every few seconds, so that they come and go without a restart. */
export function followReplicas(upstream: string, { urls, log }: ReplicasOptions): Replicas {
  const destroyed = new AbortController()
  const replicas = new Map<string, Replica>()
  let all: Replica[] = []
  /** No longer asked, but perhaps still responding. */
  const leaving = new Set<Replica>()
  // First come, first served: a replica that may be tried with one request wakes one.
  const waiting = new Set<Waiter>()
  const pausing = new Map<NodeJS.Timeout, (error: Error) => void>()
  let turn = Math.floor(Math.random() * 1000)

  const hasOthers = (self: Replica) => all.some((replica) => replica !== self && replica.isOpen)

  async function lookUp(url: URL): Promise<void> {
    const addresses = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true })
    if (destroyed.signal.aborted) return
    const found = new Map(addresses.map(({ address }) => [`${url.origin} ${address}`, address]))
    for (const [key, address] of found) {
      if (replicas.has(key)) continue
      replicas.set(key, createReplica({ upstream, url, address, log, hasOthers, opened: serveWaiting }))
    }
    for (const [key, replica] of replicas) {
      if (!key.startsWith(`${url.origin} `) || found.has(key)) continue
      replicas.delete(key)
      leave(replica)
    }
    all = [...replicas.values()]
    log.debug(`${upstream} at ${url.origin} is ${[...found.values()].join(', ')}`)
    serveWaiting()
  }

  function leave(replica: Replica): void {
    for (const gone of leaving) if (gone.inHand.size === 0) leaving.delete(gone)
    leaving.add(replica)
    replica.leave()
  }

  /** A name that cannot be resolved is told once, and what it resolved to before stays in use. */
  async function keepResolving(url: URL): Promise<void> {
    const outage = createOutage({
      log,
      what: `${upstream} at ${url.origin}`,
      fields: { upstream, address: url.host },
      lost: 'cannot be found',
    })
    while (!destroyed.signal.aborted) {
      let waitMs = RESOLVE_MS
      try {
        await lookUp(url)
        outage.succeeded()
      } catch (error) {
        waitMs = outage.failed(error as Error)
      }
      await sleep(waitMs, undefined, { signal: destroyed.signal }).catch(() => {})
    }
  }

  for (const url of urls) void keepResolving(url)

  function inTurn(): Replica | undefined {
    for (let step = 0; step < all.length; step++) {
      const candidate = all[++turn % all.length]
      if (candidate?.isOpen) return candidate
    }
    return undefined
  }

  function serveWaiting(): void {
    for (const waiter of waiting) {
      const replica = inTurn()
      if (!replica) return
      waiting.delete(waiter)
      waiter.resolve(replica)
      // It begins its trial in a later microtask; nobody else is to be given the same one.
      if (replica.isLost) return
    }
  }

  return {
    open: () => all.reduce((count, { isOpen }) => count + Number(isOpen), 0),
    next() {
      destroyed.signal.throwIfAborted()
      return inTurn() ?? new Promise((resolve, reject) => waiting.add({ resolve, reject }))
    },
    wait(ms) {
      destroyed.signal.throwIfAborted()
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          pausing.delete(timer)
          resolve()
        }, ms)
        pausing.set(timer, reject)
      })
    },
    isReady: () => all.some(({ isLost }) => !isLost),
    notResponding: () => all.filter(({ isLost }) => isLost).map(({ name }) => name),
    destroy() {
      const error = new Error(`the calls to ${upstream} were cut off`)
      destroyed.abort(error)
      for (const { reject } of waiting) reject(error)
      for (const [timer, reject] of pausing) {
        clearTimeout(timer)
        reject(error)
      }
      for (const replica of [...leaving, ...all]) replica.destroy(error)
    },
  }
}
