import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'

import { boundConnections } from './connections.ts'
import { observeRequests, type Observed } from './fast/requests.ts'
import { serveShortcut, type Shortcut } from './fast/shortcut.ts'
import { createLog, exit } from './log.ts'
import { addProbes, createMetrics, PROBES, version } from './probes.ts'
import {
  closesAfter,
  handleExpect,
  headerProblem,
  parserProblem,
  Problem,
  sendProblem,
  unavailable,
  writeProblem,
} from './protocol.ts'
import { replicaName, type HttpConfig } from './settings.ts'
import { aborted } from './stop-signal.ts'

export { createHistogram } from './fast/histogram.ts'
export type { Shortcut } from './fast/shortcut.ts'
export { capLog, exit, type Log } from './log.ts'
export { clientGone, Problem, unavailable } from './protocol.ts'
export * from './settings.ts'
export { aborted, stopSignal } from './stop-signal.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Registry
    isStopping: boolean
    /** Serves one request past Fastify, unless requests are traced. */
    addShortcut(shortcut: Shortcut): void
    /** Listens. If that fails, it logs why and ends the process. */
    start(): Promise<void>
  }
}

export type Service = FastifyInstance

export interface ServiceOptions {
  /** Whether the process has what it needs; /readyz returns 503 while not. */
  isReady?: () => boolean | Promise<boolean>
  /** Whether requests belong in the access log; probes never do. */
  accessLog?: boolean
  /** Headers of every response, errors included. */
  headers?: Record<string, string>
}

/** Time that requests in progress have when the process stops. Milliseconds. */
const STOP_DEADLINE_MS = 500
/** Connections that the kernel accepts ahead of the process. Beyond it a client waits. */
const BACKLOG = 4096

/** Why requests are refused. */
export const STOPPING = 'this replica is stopping: try another'
const OVERLOADED = 'too many connections or requests at once: try again in a moment'

/** A Fastify server with probes, metrics, logs, problem+json errors and a graceful shutdown. */
export function createService(name: string, config: HttpConfig, options: ServiceOptions = {}): Service {
  const { isReady = () => true, accessLog = false } = options
  const headers = { 'x-served-by': replicaName(config), ...options.headers }
  const isTraced = config.otlpEndpoint !== '' || config.otlpTracesEndpoint !== ''

  const service = fastify({
    // The 503 while stopping is ours, with the headers of every other response.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 16_384 },
    requestTimeout: 60_000,
    http: {
      headersTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
      // Node would refuse these itself, without our headers.
      requireHostHeader: false,
      joinDuplicateHeaders: true,
      // No stream for a request without a body: 4 % less processor time (docs/performance.md).
      optimizeEmptyRequests: true,
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET') socket.destroy()
      else refuse(socket, parserProblem(error))
    },
    // Fastify runs no hooks for a URL that cannot be decoded.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply)
      closeWhereDue(request, reply)
      sendProblem(error, request, reply)
    },
  })
  // The timeout of all connections is that of idle ones too. Node would set and remove another one
  // with each request.
  service.server.keepAliveTimeout = 0
  service.log = createLog(name, config)
  service.decorate('metrics', createMetrics(config.revision))
  service.decorate('isStopping', false)
  service.decorate('addShortcut', (shortcut: Shortcut) => {
    if (!isTraced) serveShortcut(service, shortcut, { headers, problemOf, observe })
  })
  service.decorate('start', () => listen(service, config))

  const connections = boundConnections(service.server, config.maxConnections, (socket) => {
    if (socket.bytesWritten > 0) socket.destroy()
    else {
      refuse(socket, unavailable(OVERLOADED))
      socket.destroySoon()
    }
  })
  const requests = observeRequests(service, accessLog)
  handleExpect(service.server)
  // Without a listener Node closes the connection of a CONNECT without a response.
  service.server.on('connect', ({ method }, socket) => {
    refuse(socket as Socket, new Problem(501, 'expected a method other than CONNECT: this is no proxy'), method)
  })

  if (isTraced) {
    service.addHook('onReady', async () => {
      // Loaded only here: it takes memory and time that a service without traces keeps.
      const { startTracing } = await import('./opentelemetry.ts')
      service.tracing = startTracing({ service: name, version, config, log: service.log })
    })
    service.addHook('onClose', () => service.tracing?.stop())
  }
  service.addHook('onRequest', (request, reply, done) => {
    // First: the request itself counts as one in progress.
    const problem = problemOf(request.raw)
    begin(request, reply)
    done(problem ?? missingRoute(request))
  })
  service.addHook('onSend', (request, reply, _payload, done) => {
    closeWhereDue(request, reply)
    done()
  })
  service.addHook('preClose', (done) => {
    service.isStopping = true
    setTimeout(() => service.server.closeAllConnections(), STOP_DEADLINE_MS).unref()
    done()
  })
  service.setErrorHandler(sendProblem)
  service.register(addProbes, { isReady, revision: config.revision })
  return service

  function begin(request: FastifyRequest, reply: FastifyReply): void {
    const { raw, method, url, routeOptions } = request
    if (service.tracing && !PROBES.has(url)) service.tracing.startRequest(request, reply.raw)
    observe(raw, reply.raw, { method, url, route: routeOptions.url })
    reply.headers(headers)
  }

  function observe({ socket }: IncomingMessage, response: ServerResponse, observed: Observed): void {
    const arrivedAt = performance.now()
    connections.begin(socket, response)
    response.on('close', () => {
      connections.end(socket, response)
      requests.end(observed, response, performance.now() - arrivedAt)
    })
  }

  /** Why a request is refused whatever its route, if it is. */
  function problemOf(request: IncomingMessage): Problem | undefined {
    const isRefusing = service.isStopping || connections.isOverloaded()
    if (isRefusing && !PROBES.has(request.url!)) return unavailable(service.isStopping ? STOPPING : OVERLOADED)
    return headerProblem(request)
  }

  /** While stopping, a keep-alive connection would otherwise stay open until its idle timeout. */
  function closeWhereDue({ raw }: FastifyRequest, reply: FastifyReply): void {
    if (closesAfter(raw, service.isStopping)) reply.header('connection', 'close')
  }

  /** Responds outside Fastify, instead of the response to a request that is still arriving. */
  function refuse(socket: Socket, problem: Problem, method = 'unknown'): void {
    const responses = connections.responsesOn(socket)
    const newest = responses.at(-1)
    if (socket.writable && newest?.req.complete) {
      // The problem is that of a later request. Responses keep the order of their requests.
      newest.once('close', () => refuse(socket, problem, method))
    } else if (!socket.writable || newest?.headersSent || responses.length > 1) {
      socket.destroy()
    } else {
      writeProblem(socket, problem, headers)
      // A request in progress is counted when its response is closed.
      if (newest) newest.statusCode = problem.statusCode
      else requests.count(method, problem.statusCode)
    }
  }
}

/** The problem of a request for no route. Fastify's own handler would read the body first. */
function missingRoute({ is404, method, url }: FastifyRequest): Problem | undefined {
  return is404 ? new Problem(404, `expected a route of this service, got ${method} ${url.slice(0, 200)}`) : undefined
}

/** Starts the service, waits for the stop signal, and stops the service. */
export async function serve(service: Service, stop: AbortSignal): Promise<void> {
  await service.start()
  await aborted(stop)
  await service.close()
}

async function listen(service: Service, { host, port }: HttpConfig): Promise<void> {
  await service.ready()
  // Without a host Node listens on IPv6 and IPv4, or on IPv4 alone where there is no IPv6.
  // Fastify's `listen` does not.
  service.server.listen({ port, backlog: BACKLOG, ...(host && { host }) })
  try {
    await once(service.server, 'listening')
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const advice = listenAdvice[code] ?? `set HOST or PORT (${message})`
    service.log.fatal(`cannot listen on ${host || 'all addresses'}, port ${port}: ${advice}`)
    await exit(1)
  }
  const { address, port: actualPort } = service.server.address() as AddressInfo
  service.log.info(`listening on ${address}, port ${actualPort}`)
}

const listenAdvice: Record<string, string> = {
  EADDRINUSE: 'it is taken: end what holds it or set PORT',
  EACCES: 'this user may not: set PORT above 1023, or the sysctl net.ipv4.ip_unprivileged_port_start to 0',
}
