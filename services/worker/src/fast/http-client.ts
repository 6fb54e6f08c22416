// The worker's two requests a unit are most of what it does. undici's `Pool.dispatch` FIGURE.
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { createResponseParser, type HttpResponse } from './response-parser.ts'

export interface HttpRequest {
  method: 'GET' | 'POST'
  path: string
  body: Uint8Array | null
}

interface Connection {
  socket: Socket
  openedAt: number
  /** Until when it can be used again: the clock of `performance`, in milliseconds. */
  usableUntil: number
  /** The request in progress. */
  call: Call | undefined
}

interface Call {
  resolve: (response: HttpResponse) => void
  reject: (error: Error) => void
  deadline: NodeJS.Timeout
}

export type HttpClient = ReturnType<typeof createHttpClient>

const CONNECT_TIMEOUT_MS = 2_000
/** Connections are replaced after this time, so that a load balancer can move them. */
const CONNECTION_TTL_MS = 5_000

/**
 * An HTTP/1.1 client of the service at `url`, of which `address` is one replica. It has as many
 * connections as there are requests in progress at once.
 */
export function createHttpClient(url: URL, address: string) {
  const isTls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const target = { host: address, port: Number(url.port) || (isTls ? 443 : 80), noDelay: true }
  // The name stays in the Host header and in the certificate.
  const tlsTarget = { ...target, ALPNProtocols: ['http/1.1'], servername: isIP(host) ? '' : host }
  const connections = new Set<Connection>()
  const idle: Connection[] = []
  let newestHead = { key: '', text: '' }
  let destroyed: Error | undefined

  function open(): Connection {
    const socket = isTls ? connectTls(tlsTarget) : connectTcp(target)
    const connection: Connection = { socket, openedAt: performance.now(), usableUntil: 0, call: undefined }
    connections.add(connection)
    const parser = createResponseParser()
    const fail = (error: Error) => close(connection, error)
    const timeout = setTimeout(
      () => fail(new Error(`expected a connection within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    )
    const finish = (response: HttpResponse | undefined) => {
      if (!response) return
      const { call } = connection
      connection.call = undefined
      if (!call) return fail(new Error('expected no response without a request'))
      clearTimeout(call.deadline)
      release(connection, parser.keepAliveMs)
      call.resolve(response)
    }
    socket
      .on(isTls ? 'secureConnect' : 'connect', () => clearTimeout(timeout))
      .on('data', (bytes) => {
        try {
          if (connection.call) finish(parser.push(bytes))
          else fail(new Error('expected no response without a request'))
        } catch (error) {
          fail(error as Error)
        }
      })
      .on('end', () => {
        finish(parser.end())
        fail(new Error('the connection was closed before the response was complete'))
      })
      .on('error', fail)
      .on('close', () => {
        clearTimeout(timeout)
        fail(new Error('the connection was closed before the response was complete'))
      })
    return connection
  }

  function release(connection: Connection, keepAliveMs: number): void {
    const now = performance.now()
    connection.usableUntil = Math.min(now + keepAliveMs, connection.openedAt + CONNECTION_TTL_MS)
    // The server responded before it had read all of the request.
    const isUnsent = connection.socket.writableLength > 0
    if (connection.usableUntil <= now || isUnsent) close(connection)
    else idle.push(connection)
  }

  function close(connection: Connection, error?: Error): void {
    const { call, socket } = connection
    connection.call = undefined
    connections.delete(connection)
    socket.destroy()
    if (call) {
      clearTimeout(call.deadline)
      call.reject(error!)
    }
  }

  function takeIdle(): Connection | undefined {
    const now = performance.now()
    for (let connection; (connection = idle.pop());) {
      if (connection.usableUntil > now && connections.has(connection)) return connection
      close(connection)
    }
    return undefined
  }

  function headOf({ method, path, body }: HttpRequest): string {
    const length = body?.length ?? 0
    const key = `${method} ${path} ${length}`
    if (newestHead.key !== key) {
      // Some services refuse a body without a type, or parse it as a form.
      const ofBody = body ? `content-type: application/octet-stream\r\ncontent-length: ${length}\r\n` : ''
      newestHead = { key, text: `${method} ${path} HTTP/1.1\r\nhost: ${url.host}\r\n${ofBody}\r\n` }
    }
    return newestHead.text
  }

  return {
    /** Whether a request is in progress. */
    get isBusy(): boolean {
      return [...connections].some(({ call }) => call)
    },
    /**
     * Sends a request and resolves to its whole response. Rejects when the connection fails, when
     * the response is not complete within `timeoutMs`, and after `destroy`.
     */
    request(request: HttpRequest, timeoutMs: number): Promise<HttpResponse> {
      return new Promise((resolve, reject) => {
        if (destroyed) return reject(destroyed)
        const connection = takeIdle() ?? open()
        const timedOut = () => close(connection, new Error(`expected a response within ${timeoutMs} ms`))
        // In a process that was suspended, timers fire before sockets are read. Read first.
        const deadline = setTimeout(() => setImmediate(() => connection.call === call && timedOut()), timeoutMs)
        const call = { resolve, reject, deadline }
        connection.call = call
        const head = headOf(request)
        if (request.body) connection.socket.write(Buffer.concat([Buffer.from(head, 'latin1'), request.body]))
        else connection.socket.write(head, 'latin1')
      })
    },
    /** Ends all connections. The requests in progress reject with `error`. */
    destroy(error: Error): void {
      destroyed ??= error
      for (const connection of connections) close(connection, error)
    },
  }
}
