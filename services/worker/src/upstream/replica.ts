import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Log } from '@dockercoins/service'
import type { Span } from '@dockercoins/service/tracing'

import { createHttpClient, type HttpRequest } from '../fast/http-client.ts'
import type { HttpResponse } from '../fast/response-head.ts'
import { createOutage, isOwnLimit } from '../outage.ts'

/** How often a silent replica is probed. */
const PROBE_INTERVAL_MS = 1_000
/** The timeout of a probe, beside twice the service time of the last response. */
const PROBE_TIMEOUT_MS = 4_000
/** Any response to it will do, because not every service has the route. */
const PROBE: HttpRequest = { method: 'GET', path: '/healthz', body: null }

export type Replica = ReturnType<typeof createReplica>

export interface ReplicaOptions {
  upstream: string
  url: URL
  address: string
  log: Log
  /** Whether another replica can take requests. */
  hasOthers: (replica: Replica) => boolean
  /** Sends a real request to a lost replica. Rejects when the replica fails it. */
  tryRequest: (replica: Replica) => Promise<void>
  onRecovered: () => void
}

/** The replica of `url` at `address`, and its health. */
export function createReplica(options: ReplicaOptions) {
  const { upstream, url, address, log, hasOthers, tryRequest, onRecovered } = options
  const host = isIP(address) === 6 ? `[${address}]` : address
  const at = url.port ? `${host}:${url.port}` : host
  const what = `${upstream} at ${url.protocol}//${at}`
  const fields = { upstream, address: at }
  const outage = createOutage(log, { what, fields })
  const problem = `${what} refuses the requests of this worker, a mistake of the worker or of its settings`
  const mistakes = createOutage(log, { what, fields: { ...fields, mistake: true }, problem })
  const destroyed = new AbortController()
  let serviceMs = 0
  let respondedAt = performance.now()

  const replica = {
    client: createHttpClient(url, address),
    /** The host of its URL. */
    host: url.host,
    /** Its last X-Served-By, else its address and port. */
    name: at,
    /** False once its host no longer resolves to it: it gets no new requests. */
    isListed: true,
    /** Responses that call a request wrong. */
    mistakes,
    get isLost() {
      return outage.isOn
    },
    /** Sends a request, as a part of `unit` where traces are on. */
    request(request: HttpRequest, timeoutMs: number, unit: Span | undefined): Promise<HttpResponse> {
      return unit ? requestTraced(request, timeoutMs, unit) : replica.client.request(request, timeoutMs)
    },
    /** A response came, `ms` milliseconds after its request left the queue. */
    responded(ms: number, servedBy?: string): void {
      respondedAt = performance.now()
      serviceMs = ms
      if (servedBy !== undefined) replica.name = servedBy
      if (!outage.isOn) outage.succeeded()
    },
    /** A request failed: the replica is lost. */
    failed(error: Error): void {
      if (replica.isListed && !outage.isOn) void recover(error)
    },
    /** Ends probes and the requests in progress. */
    destroy(error: Error): void {
      destroyed.abort()
      replica.client.destroy(error)
    },
  }

  async function requestTraced(request: HttpRequest, timeoutMs: number, unit: Span): Promise<HttpResponse> {
    const { method, path } = request
    const span = unit.start(method, {
      kind: 'client',
      attributes: {
        'http.request.method': method,
        'url.full': `${url.origin}${path}`,
        'server.address': url.hostname,
        'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
        'network.peer.address': address,
      },
    })
    try {
      const response = await replica.client.request({ ...request, traceparent: span.traceparent }, timeoutMs)
      const { statusCode } = response
      const isError = statusCode >= 400
      span.end({
        attributes: { 'http.response.status_code': statusCode, ...(isError && { 'error.type': `${statusCode}` }) },
        error: isError ? '' : undefined,
      })
      return response
    } catch (error) {
      const { message, name, code = name } = error as NodeJS.ErrnoException
      span.end({ attributes: { 'error.type': code }, error: message })
      throw error
    }
  }

  /** Ends the outage once the replica responds to a probe and then to a real request. */
  async function recover(error: Error): Promise<void> {
    for (let failure: Error | undefined = error; failure;) {
      if (!(await pause(outage.failed(failure)))) return
      failure = await probe()
      if (failure) endRequests()
      else failure = await failureOf(tryRequest(replica))
    }
    outage.succeeded()
    onRecovered()
  }

  /**
   * Finds a replica that hangs. The only replica that responds is not probed: there is no other to
   * take its requests, and a service with one thread serves the probe only after its queue.
   */
  async function watch(): Promise<void> {
    while (await pause(PROBE_INTERVAL_MS)) {
      const isSilent = performance.now() - respondedAt >= PROBE_INTERVAL_MS
      if (outage.isOn || !isSilent || !hasOthers(replica)) continue
      const failure = await probe()
      // The last replica is not lost to a probe.
      if (!failure || !hasOthers(replica)) continue
      replica.failed(failure)
      endRequests()
    }
  }

  async function probe(): Promise<Error | undefined> {
    const sentAt = performance.now()
    const failure = await failureOf(replica.client.request(PROBE, Math.ceil(PROBE_TIMEOUT_MS + 2 * serviceMs)))
    return failure && respondedAt < sentAt && !isOwnLimit(failure) ? failure : undefined
  }

  function endRequests(): void {
    replica.client.destroy(new Error(`${what} is lost`))
    replica.client = createHttpClient(url, address)
  }

  /** Resolves to false once the replica is destroyed. */
  function pause(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: destroyed.signal }).catch(() => false)
  }

  void watch()
  return replica
}

function failureOf(promise: Promise<unknown>): Promise<Error | undefined> {
  return promise.then(
    () => undefined,
    (error: Error) => error,
  )
}
