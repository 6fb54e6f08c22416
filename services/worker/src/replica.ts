import { isIP } from 'node:net'

import type { Log } from '@dockercoins/service'
// Not all of undici: the pool alone loads in half the time, and the image is half a megabyte smaller.
import Pool from 'undici/lib/dispatcher/pool.js'

import { backoffMs } from './backoff.ts'

const CONNECT_TIMEOUT_MS = 2_000

/** One address of an upstream, and whether it answers. */
export interface Replica {
  /** As its URL names it. */
  readonly host: string
  /** Its connections at the moment. */
  readonly pool: Pool
  /** Not to be asked before this moment (performance.now). */
  readonly retryAt: number
  readonly lost: boolean
  succeeded(startedAt: number): void
  failed(error: Error): void
  /** From now on uses new connections, so that a load balancer in between can move them. Gives the old ones. */
  rotate(): Pool
}

/** The replica of `url` at `address`. Logs one line when it is lost and one when it is back. */
export function createReplica(name: string, url: URL, address: string, timeoutMs: number, log: Log): Replica {
  const family = isIP(address)
  const origin = `${url.protocol}//${family === 6 ? `[${address}]` : address}${url.port && `:${url.port}`}`
  const createPool = () =>
    new Pool(url.origin, {
      // Images leave HTTP/2 out (bundle.ts), and behind TLS it would be negotiated.
      allowH2: false,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        // The name stays in the Host header and in the certificate; the address was looked up before.
        lookup: (_name, { all }, found) => (all ? found(null, [{ address, family }]) : found(null, address, family)),
      },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    })
  let pool = createPool()
  let failures = 0
  let retryAt = 0
  let lostAt: number | undefined

  return {
    host: url.host,
    get pool() {
      return pool
    },
    get retryAt() {
      return retryAt
    },
    get lost() {
      return lostAt !== undefined
    },
    succeeded(startedAt) {
      // An answer to what was asked before the loss does not say that the replica is back.
      if (lostAt === undefined || startedAt < lostAt) return
      log.info(`${name} at ${origin} is back after ${((performance.now() - lostAt) / 1000).toFixed(1)} s`)
      lostAt = undefined
      failures = 0
    },
    failed(error) {
      const now = performance.now()
      // Of the requests that fail together only the first counts.
      if (now < retryAt) return
      retryAt = now + backoffMs(++failures)
      if (lostAt !== undefined) return
      lostAt = now
      log.warn(`${name} at ${origin} is lost: ${error.message || error.name}; trying again`)
    },
    rotate() {
      const old = pool
      pool = createPool()
      return old
    },
  }
}
