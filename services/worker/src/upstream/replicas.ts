import { lookup } from 'node:dns/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { createOutage } from '../outage.ts'
import { createReplica, type Replica, type ReplicaOptions } from './replica.ts'

/** How often host names are resolved again, in milliseconds. */
const RESOLVE_INTERVAL_MS = 5_000

export interface ReplicasOptions extends Pick<ReplicaOptions, 'upstream' | 'log' | 'tryRequest'> {
  urls: URL[]
}

/** All replicas behind `urls`, whose host names are resolved every few seconds. */
export function followReplicas({ urls, ...options }: ReplicasOptions) {
  const { upstream, log } = options
  const destroyed = new AbortController()
  const replicas = new Map<string, Replica>()
  let listed: Replica[] = []
  let turn = Math.floor(Math.random() * 1000)
  let change = Promise.withResolvers<void>()

  const responding = (except?: ReadonlyMap<Replica, unknown>) =>
    listed.filter((replica) => !replica.isLost && !except?.has(replica))
  const hasOthers = (self: Replica) => responding().some((replica) => replica !== self)
  const onChange = () => {
    change.resolve()
    change = Promise.withResolvers()
  }

  async function resolve(url: URL): Promise<void> {
    const found = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true })
    if (destroyed.signal.aborted) return
    const addresses = new Map(found.map(({ address }) => [`${url.origin} ${address}`, address]))
    for (const [key, address] of addresses) {
      const create = () => createReplica({ ...options, url, address, hasOthers, onRecovered: onChange })
      if (!replicas.has(key)) replicas.set(key, create())
    }
    for (const [key, replica] of replicas) {
      if (!key.startsWith(`${url.origin} `)) continue
      replica.isListed = addresses.has(key)
      const isBusy = replica.client.isBusy && !replica.isLost
      if (replica.isListed || isBusy) continue
      replicas.delete(key)
      replica.destroy(new Error(`${url.host} no longer resolves to this address`))
    }
    listed = [...replicas.values()].filter(({ isListed }) => isListed)
    log.debug(`${upstream} at ${url.origin} is ${[...addresses.values()].join(', ')}`)
    onChange()
  }

  /** While a host name cannot be resolved, its last addresses stay in use. */
  async function keepResolving(url: URL): Promise<void> {
    const what = `${upstream} at ${url.origin}`
    const fields = { upstream, address: url.host }
    const outage = createOutage(log, { what, fields, problem: `${what} cannot be found` })
    while (!destroyed.signal.aborted) {
      let waitMs = RESOLVE_INTERVAL_MS
      try {
        await resolve(url)
        outage.succeeded()
      } catch (error) {
        waitMs = outage.failed(error as Error)
      }
      await sleep(waitMs, undefined, { signal: destroyed.signal }).catch(() => {})
    }
  }
  for (const url of urls) void keepResolving(url)

  return {
    /** The next responding replica in turn, but none of `except`. Throws after `destroy`. */
    next: (except?: ReadonlyMap<Replica, unknown>): Replica | undefined => {
      destroyed.signal.throwIfAborted()
      const candidates = responding(except)
      return candidates[++turn % candidates.length]
    },
    /** Resolves when there may be a next one. All calls share one wait. */
    changed: () => change.promise,
    /** Whether a replica responds. */
    isReady: () => responding().length > 0,
    /** The names of the lost replicas. */
    notResponding: () => listed.filter(({ isLost }) => isLost).map(({ name }) => name),
    /** Ends every request in progress. */
    destroy: (): void => {
      const error = new Error(`the requests to ${upstream} were cut off`)
      destroyed.abort(error)
      for (const replica of replicas.values()) replica.destroy(error)
      onChange()
    },
  }
}
