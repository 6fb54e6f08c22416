import { isIP } from 'node:net'

import type { Log } from '@dockercoins/service'
// Not all of undici: the pool alone loads in half the time, and the image is half a megabyte smaller.
import Pool from 'undici/lib/dispatcher/pool.js'

import { createOutage, isOwnLimit, type Outage } from '../outage.ts'
import { exchange } from './exchange.ts'

const CONNECT_TIMEOUT_MS = 2_000
/** Connections are replaced after this time, so that a load balancer in between can move them. */
const CONNECTION_TTL_MS = 5_000
/** A replica that has been silent for so long is probed. */
const QUIET_MS = 1_000
/** A probe's response may take so long, and twice what the last good response took beside the queue it told of. */
const PROBE_MS = 4_000
/** A trial that fails takes a loop at most one part in so many of its time, while another replica responds. */
const TRIAL_SHARE = 5

/** What requests to one address share. */
export interface Connections {
  readonly pool: Pool
  /** Ends each request in hand with an error. */
  readonly inHand: Set<(error: Error) => void>
}

/** One address of an upstream, and whether it responds. */
export interface Replica extends Connections {
  /** As its URL names it. */
  readonly host: string
  /** As it last called itself in X-Served-By, else its address and port. */
  readonly name: string
  readonly isLost: boolean
  /** Whether it may be given a request: while it is lost, one at a time that tries it, once a probe was answered. */
  readonly isOpen: boolean
  /** Mistakes of ours that it complains of. */
  readonly mistakes: Outage
  /** To be called before a request. Returns whether this is the one that tries a lost replica. */
  begin(): boolean
  /** It gave a good response, or told that it is full, which took `ms` beside its queue. */
  responded(isTrial: boolean, ms: number, servedBy?: string): void
  failed(isTrial: boolean, error: Error): void
  /** The request was not made or says nothing of the replica. */
  skipped(isTrial: boolean): void
  /** Ends probes and what is in hand. */
  destroy(error: Error): void
  /** It is given nothing more, and what is in hand may finish. It is probed until then, and cut off if it does not respond. */
  leave(): void
}

export interface ReplicaOptions {
  upstream: string
  url: URL
  address: string
  log: Log
  /** Whether another replica may be given a request. */
  hasOthers: (self: Replica) => boolean
  /** Called when it may be given requests again. */
  opened: () => void
}

/** The replica of `url` at `address`. Logs one line when it is lost and one when it has recovered. */
export function createReplica({ upstream, url, address, log, hasOthers, opened }: ReplicaOptions): Replica {
  const host = isIP(address) === 6 ? `[${address}]` : address
  const at = url.port ? `${host}:${url.port}` : host
  const what = `${upstream} at ${url.protocol}//${at}`
  const fields = { upstream, address: at }
  const outage = createOutage({ log, what, fields })
  const refusal = 'refuses what this worker asks, a mistake of the worker or of its settings'
  const mistakes = createOutage({ log, what, fields: { ...fields, mistake: true }, lost: refusal })
  const connections = connect(url, address)
  const { inHand, pool } = connections
  let name = at
  let usualMs = 0
  let heardAt = performance.now()
  let isLeft = false
  /** While it is lost: closed until a probe was answered, then open to one trial. */
  let trial: 'none' | 'open' | 'running' = 'none'
  let trialBegan = 0
  let timer = setTimeout(check, QUIET_MS)

  const isDone = () => isLeft && inHand.size === 0

  function checkIn(ms: number): void {
    clearTimeout(timer)
    if (!isDone()) timer = setTimeout(check, ms)
  }

  // Alone it is not probed while it has requests: the probe may have to wait behind them, and there is nobody else to ask.
  const mayWait = () => (!outage.isOn || trial === 'running') && !hasOthers(replica)

  async function check(): Promise<void> {
    if (isDone()) return
    const began = performance.now()
    const quietMs = began - heardAt
    if (mayWait() || (!outage.isOn && quietMs < QUIET_MS)) return checkIn(Math.max(QUIET_MS / 10, QUIET_MS - quietMs))
    const error = await probe(url, address, inHand, PROBE_MS + 2 * usualMs)
    if (error && !isOwnLimit(error) && heardAt < began && !mayWait()) return lose(error)
    checkIn(QUIET_MS)
    if (error || isLeft || !outage.isOn || trial !== 'none') return
    trial = 'open'
    opened()
  }

  function lose(error: Error): void {
    if (trial === 'open') trial = 'none'
    if (!isLeft) checkIn(outage.failed(error))
    for (const end of inHand) end(new Error(`${what} is lost`))
  }

  const replica: Replica = {
    ...connections,
    host: url.host,
    mistakes,
    get name() {
      return name
    },
    get isLost() {
      return outage.isOn
    },
    get isOpen() {
      return !outage.isOn || trial === 'open'
    },
    begin() {
      if (trial !== 'open') return false
      trial = 'running'
      trialBegan = performance.now()
      return true
    },
    responded(isTrial, ms, servedBy) {
      heardAt = performance.now()
      usualMs = ms
      if (servedBy !== undefined) name = servedBy
      // What was asked before the loss does not say that it has recovered.
      if (outage.isOn && !isTrial) return
      trial = 'none'
      outage.succeeded()
      if (!isTrial) return
      checkIn(QUIET_MS)
      opened()
    },
    failed(isTrial, error) {
      // Of the requests that fail together only the first counts, and to leave is no loss.
      if (isLeft || (outage.isOn && !isTrial)) return
      trial = 'none'
      const trialMs = isTrial && hasOthers(replica) ? performance.now() - trialBegan : 0
      checkIn(Math.max(outage.failed(error), (TRIAL_SHARE - 1) * trialMs))
    },
    skipped(isTrial) {
      if (!isTrial) return
      trial = 'none'
      checkIn(QUIET_MS)
    },
    destroy(error) {
      isLeft = true
      for (const end of inHand) end(error)
      clearTimeout(timer)
      void pool.destroy()
    },
    leave() {
      isLeft = true
      checkIn(QUIET_MS)
      void pool.close()
    },
  }
  return replica
}

/** Asks on a connection of its own, where no request is waiting. Any response will do: not every service has the route. */
async function probe(
  url: URL,
  address: string,
  inHand: Connections['inHand'],
  timeoutMs: number,
): Promise<Error | undefined> {
  const { pool } = connect(url, address)
  try {
    await exchange({ pool, inHand }, { method: 'GET', path: '/healthz', body: null }, Math.ceil(timeoutMs))
    return undefined
  } catch (error) {
    return error as Error
  } finally {
    void pool.destroy()
  }
}

function connect(url: URL, address: string): Connections {
  const family = isIP(address)
  const pool = new Pool(url.origin, {
    // Images leave HTTP/2 out (bundle.ts), and behind TLS it would be negotiated.
    allowH2: false,
    clientTtl: CONNECTION_TTL_MS,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      // The name stays in the Host header and in the certificate; the address was looked up before.
      lookup: (_name, { all }, found) => (all ? found(null, [{ address, family }]) : found(null, address, family)),
    },
    // `exchange` has one deadline for all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return { pool, inHand: new Set() }
}
