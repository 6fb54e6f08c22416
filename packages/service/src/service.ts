import { once } from 'node:events'

import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'

import { capLog } from './capped-log.ts'
import { boundConnections } from './connections.ts'
import type { httpSettings } from './http-settings.ts'
import { exit } from './log-output.ts'
import { createLog, type Log } from './log.ts'
import { createMetrics, observeRequests } from './metrics.ts'
import { answerErrors, overloadedProblem, Problem, stoppingProblem } from './problem.ts'
import { answerUnknownRoutes, refusal } from './refuse.ts'
import type { Config } from './settings.ts'
import { aborted } from './stop-signal.ts'
import { closeInStages, inviteWhenRead, isBodyUnread } from './unread-body.ts'
import { answerConnect, answerSockets, unreadable } from './unreadable.ts'

export type HttpConfig = Config<typeof httpSettings>

/** A Fastify server with the habits that all our processes share. */
export type Service = FastifyInstance & {
  log: Log
  metrics: Registry
  /**
   * Answers 200 with a body that is at hand, its media type, and the value of `Server-Timing`. Fastify's `send` would first
   * find out what the body is and who else wants to change it, which takes long for an answer as small as ours.
   */
  answer(reply: FastifyReply, body: string | Buffer, type: string, timing: string): void
  /** Listens. A port that cannot be had ends in an error that says which and why. */
  start(): Promise<void>
  /** Calls `callback` when the process begins to stop, before the connections are closed. */
  onStop(callback: () => void): void
  /** Answers no new work, lets what is in hand finish for a moment and closes. */
  stop(): Promise<void>
}

/** How long requests in hand may take when the process stops; what is unfinished then is cut off. Milliseconds. */
const STOP_DEADLINE_MS = 500
/** Connections that the system accepts ahead of us. Beyond it a new client, or a probe, waits a second or more to be let in. */
const BACKLOG = 4096
const PROBES = new Set(['/healthz', '/readyz', '/metrics'])

export interface ServiceOptions {
  /** Whether the process has what it cannot do without; /readyz answers 503 while not. */
  isReady?: () => boolean | Promise<boolean>
  /** Whether requests belong into the access log; its probes never do. */
  accessLog?: boolean
  /** A client that takes nothing of its response for so long is given up. Milliseconds. */
  sendTimeoutMs?: number
  /** Headers of every response, errors included. */
  headers?: Record<string, string>
}

/** An HTTP server named `name` with logs, probes, metrics, problem+json errors and a quick stop; the caller adds its routes. */
export function createService(name: string, config: HttpConfig, options: ServiceOptions = {}): Service {
  const { isReady = () => true, accessLog = false, sendTimeoutMs = 60_000 } = options
  const headers = { 'x-served-by': config.hostname, ...options.headers }
  const { hostname } = config
  const log = createLog(name, config)
  const metrics = createMetrics()
  const answerError = answerErrors(log)
  const stopCallbacks: (() => void)[] = []
  const requestLog = accessLog ? capLog(log, 'requests answered') : undefined
  const observer = observeRequests(metrics, requestLog, PROBES)
  const answerSocket = answerSockets(headers, observer.count)
  let stopping = false

  const service = fastify({
    // Fastify would log each request, and prepare for that also where it is told not to; ours go to the access log.
    logger: false,
    return503OnClosing: false,
    // No route has a schema, and what Fastify would load to compile one takes 2 MB.
    schemaController: { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } },
    routerOptions: { maxParamLength: 16_384 },
    // Whoever sends a request slowly, to hold connections open, has this long for all of it.
    requestTimeout: 60_000,
    http: {
      headersTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
      requireHostHeader: false,
      // Two Host lines: Node would keep the first.
      joinDuplicateHeaders: true,
      // Where a request has no body, Node then makes no stream of it.
      optimizeEmptyRequests: true,
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET') socket.destroy()
      else answerSocket(socket, unreadable(error), { response: connections.responseOn(socket) })
    },
    // Hooks do not run for a URL that cannot be decoded.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply)
      closeWhereDue(request, reply)
      answerError(error, request, reply)
    },
  }) as unknown as Service

  const connections = boundConnections(service.server, config.maxConnections, (socket) => {
    if (socket.bytesWritten > 0) socket.destroy()
    else {
      answerSocket(socket, overloadedProblem())
      socket.destroySoon()
    }
  })
  function begin(request: FastifyRequest, reply: FastifyReply): void {
    observer.begin(request, reply)
    connections.begin(request.raw, reply.raw)
    reply.headers(headers)
  }
  function closeWhereDue({ raw }: FastifyRequest, reply: FastifyReply): void {
    const unread = isBodyUnread(raw)
    if (unread) closeInStages(raw.socket)
    // While stopping, a keep-alive connection with a request in progress would otherwise stay open until its idle time is over.
    if (stopping || unread) reply.header('connection', 'close')
  }
  service.addHook('onRequest', (request, reply, done) => {
    begin(request, reply)
    // That a connection stays open goes without saying in HTTP/1.1 (RFC 9112, 9.3), and two headers more are dear to parse.
    if (request.raw.httpVersion === '1.1' && reply.raw.shouldKeepAlive) reply.raw.removeHeader('connection')
    if (PROBES.has(request.url)) done(refusal(request.raw))
    else if (stopping) done(stoppingProblem())
    else done(connections.isOverloaded() ? overloadedProblem() : refusal(request.raw))
  })
  service.addHook('onSend', (request, reply, _payload, done) => {
    closeWhereDue(request, reply)
    done()
  })
  // Node itself would refuse any other Expect header with a response that does not say why; `refusal` does.
  service.server.on('checkExpectation', (request, response) => service.server.emit('request', request, response))
  service.server.on('checkContinue', (request, response) => {
    inviteWhenRead(request, response)
    service.server.emit('request', request, response)
  })
  answerConnect(service.server, answerSocket)
  // Reading a response, or anything of it, is activity. A request may wait or be served for longer than this.
  service.server.setTimeout(sendTimeoutMs, (socket) => {
    if (!connections.responseOn(socket)) socket.destroy()
    // Without a reset the system would keep what the client does not take, and go on trying to deliver it.
    else if (socket.writableLength > 0) socket.resetAndDestroy()
  })
  // To Fastify no request has a body, so that it parses none and refuses none for its type: a route that wants it reads the stream.
  for (const method of service.supportedMethods)
    service.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  service.setErrorHandler(answerError)
  answerUnknownRoutes(service)
  addProbes(service, metrics, async () => !stopping && (await isReady()))
  service.addHook('onClose', () => requestLog?.flush())

  return Object.assign(service, {
    log,
    metrics,
    answer(reply: FastifyReply, body: string | Buffer, type: string, timing: string) {
      const length = `${Buffer.byteLength(body)}`
      const head = ['content-type', type, 'content-length', length, 'x-served-by', hostname, 'server-timing', timing]
      if (stopping) head.push('connection', 'close')
      reply.raw.writeHead(200, head)
      reply.hijack()
      reply.raw.end(body)
    },
    start: () => listen(service, config),
    onStop: (callback: () => void) => void stopCallbacks.push(callback),
    async stop() {
      stopping = true
      for (const callback of stopCallbacks) callback()
      const deadline = setTimeout(() => service.server.closeAllConnections(), STOP_DEADLINE_MS)
      await service.close()
      clearTimeout(deadline)
    },
  })
}

/** Starts the service, waits for the stop signal, and stops the service. */
export async function serve(service: Service, stop: AbortSignal): Promise<void> {
  await service.start()
  await aborted(stop)
  await service.stop()
}

async function listen(service: Service, { host, port }: HttpConfig): Promise<void> {
  await service.ready()
  // Node itself takes IPv6 and IPv4 where no host is given, and IPv4 alone where there is no IPv6.
  service.server.listen({ port, backlog: BACKLOG, ...(host && { host }) })
  try {
    await once(service.server, 'listening')
  } catch (error) {
    const advice = adviseOn(error as NodeJS.ErrnoException)
    service.log.fatal(`cannot listen on ${host || 'all addresses'}, port ${port}: ${advice}`)
    await exit(1)
  }
  const address = service.server.address()
  if (address && typeof address === 'object') service.log.info(`listening on ${address.address}, port ${address.port}`)
}

function adviseOn({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'it is taken: end what holds it or set PORT'
  if (code === 'EACCES')
    return 'this user may not: set PORT above 1023, or the sysctl net.ipv4.ip_unprivileged_port_start to 0'
  return `set HOST or PORT (${message})`
}

function addProbes(service: Service, metrics: Registry, isReady: () => Promise<boolean>): void {
  service.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'))
  service.get('/readyz', async (_request, reply) => {
    if (!(await isReady())) throw new Problem(503, 'not ready')
    return reply.type('text/plain').send('ready\n')
  })
  service.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()))
}

function refuseSchema(): never {
  throw new Error('expected a route without a schema')
}
