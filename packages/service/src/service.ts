import { once } from 'node:events'
import type { Socket } from 'node:net'

import {
  fastify,
  LogController,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { Registry } from 'prom-client'

import { capLog } from './capped-log.ts'
import type { httpSettings } from './http-settings.ts'
import { createLog, type Log } from './log.ts'
import { createMetrics, observeRequests } from './metrics.ts'
import { answerError, Problem, problemBody } from './problem.ts'
import type { Config } from './settings.ts'
import { aborted } from './stop-signal.ts'

export type HttpConfig = Config<typeof httpSettings>

/** A Fastify server with the habits that all our processes share (design, section 2). */
export type Service = FastifyInstance & {
  log: Log
  metrics: Registry
  /** Listens. A port that cannot be had ends in an error that says which and why. */
  start(): Promise<void>
  /** Calls `callback` when the process begins to stop, before the connections are closed. */
  onStop(callback: () => void): void
  /** Answers no new work, lets what is in hand finish for a moment and closes. */
  stop(): Promise<void>
}

/** How long requests in hand may take when the process stops; what is unfinished then is cut off. Milliseconds. */
const STOP_DEADLINE_MS = 500
const PROBES = new Set(['/healthz', '/readyz', '/metrics'])

export interface ServiceOptions {
  /** Whether the process has what it cannot do without; /readyz answers 503 while not. */
  isReady?: () => boolean | Promise<boolean>
  /** Whether requests belong into the access log; its probes never do. */
  accessLog?: boolean
}

/** An HTTP server named `name` with logs, probes, metrics, problem+json errors and a quick stop; the caller adds its routes. */
export function createService(name: string, config: HttpConfig, options: ServiceOptions = {}): Service {
  const { isReady = () => true, accessLog = false } = options
  const log = createLog(name, config)
  const metrics = createMetrics()
  const stopCallbacks: (() => void)[] = []
  let stopping = false

  const service = fastify({
    loggerInstance: log,
    // The default makes a child logger for each request; ours are told apart by nothing that it adds.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: false,
    routerOptions: { maxParamLength: 16_384 },
    // Whoever sends a request slowly, to hold connections open, has this long for all of it.
    requestTimeout: 60_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000, requireHostHeader: false },
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, config.hostname),
    frameworkErrors: (error, request, reply) => {
      void reply.header('x-served-by', config.hostname)
      answerError(error, request, reply)
    },
  }) as unknown as Service

  service.addHook('onRequest', (request, reply, done) => {
    reply.header('x-served-by', config.hostname)
    // Fastify would refuse a type that is not well-formed, and to us a body is bytes, whatever its type.
    delete request.raw.headers['content-type']
    done(refusal(request, stopping))
  })
  // Without it a keep-alive connection with a request in hand would stay open until its idle time is over.
  service.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping) reply.header('connection', 'close')
    done()
  })
  // Node itself would refuse these two with an answer that says nothing; `refusal` says it.
  service.server.on('checkExpectation', (request, response) => service.server.emit('request', request, response))
  // A route that wants the body reads the stream.
  service.removeAllContentTypeParsers()
  service.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  service.setErrorHandler(answerError)
  answerUnknownRoutes(service)
  addProbes(service, metrics, async () => !stopping && (await isReady()))
  observeRequests(service, metrics, accessLog ? capLog(log, 'requests answered') : undefined, PROBES)

  return Object.assign(service, {
    log,
    metrics,
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

/** Why a request is not served whatever it asks for, if it is not. */
function refusal({ url, raw: { headers, httpVersion } }: FastifyRequest, stopping: boolean): Problem | undefined {
  if (stopping && !PROBES.has(url)) {
    return new Problem(503, 'this replica is stopping: try another', { 'retry-after': '1' })
  }
  if (headers.host === undefined && httpVersion === '1.1') return new Problem(400, 'expected a Host header, got none')
  if (headers.expect !== undefined && !/^100-continue$/i.test(headers.expect)) {
    return new Problem(417, 'expected no Expect header but 100-continue')
  }
  return undefined
}

/** Starts the service, waits for the stop signal, and stops it. */
export async function serve(service: Service, stop: AbortSignal): Promise<void> {
  await service.start()
  await aborted(stop)
  await service.stop()
}

async function listen(service: Service, { host, port }: HttpConfig): Promise<void> {
  await service.ready()
  // Node itself takes IPv6 and IPv4 where no host is given, and IPv4 alone where there is no IPv6.
  service.server.listen(host ? { port, host } : { port })
  try {
    await once(service.server, 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const advice =
      code === 'EADDRINUSE' ? 'it is taken: end what holds it or set PORT' : `set HOST or PORT (${message})`
    service.log.fatal(`cannot listen on ${host || 'all addresses'}, port ${port}: ${advice}`)
    process.exit(1)
  }
  const address = service.server.address()
  if (address && typeof address === 'object') service.log.info(`listening on ${address.address}, port ${address.port}`)
}

function addProbes(service: Service, metrics: Registry, isReady: () => Promise<boolean>): void {
  service.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'))
  service.get('/readyz', async (_request, reply) => {
    if (!(await isReady())) throw new Problem(503, 'not ready')
    return reply.type('text/plain').send('ready\n')
  })
  service.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()))
}

/** 405 with the methods that would do (RFC 9110, 15.5.6) where the path exists, else 404. */
function answerUnknownRoutes(service: FastifyInstance): void {
  const routes: { path: RegExp; methods: string[] }[] = []
  service.addHook('onRoute', ({ url, method }) => {
    const path = new RegExp(`^${url.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`)
    routes.push({ path, methods: [method].flat() })
  })
  service.setNotFoundHandler((request: FastifyRequest, _reply: FastifyReply) => {
    const path = request.url.replace(/\?.*/s, '')
    const methods = new Set(routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods))
    if (methods.size === 0) throw new Problem(404, `expected a path that this service has, got ${path.slice(0, 200)}`)
    const allow = [...methods].join(', ')
    throw new Problem(405, `expected ${allow} for this path, got ${request.method}`, { allow })
  })
}

const unreadable: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'expected at most 16 KiB of headers'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'expected smaller chunk extensions'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'expected the whole request sooner'],
}

/** Answers what never became a request: broken or endless headers, a sender that is too slow. */
function answerUnreadable(error: FastifyError | NodeJS.ErrnoException, socket: Socket, hostname: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, detail] = unreadable[error.code ?? ''] ?? [400, 'expected a well-formed HTTP/1.1 request']
  const body = problemBody(status, detail)
  const headers = [
    `HTTP/1.1 ${status} ${JSON.parse(body).title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-served-by: ${hostname}`,
    'connection: close',
  ]
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
