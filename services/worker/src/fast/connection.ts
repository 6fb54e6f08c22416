// Part of http-client.ts, which has the figure.
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

import { KEEP_ALIVE_MS, type HttpResponse } from './response-head.ts'
import { createResponseParser } from './response-parser.ts'

const CONNECT_TIMEOUT_MS = 2_000
/** Connections are replaced after this time, so that a load balancer can move them. */
const CONNECTION_TTL_MS = 5_000

export type Target = TcpNetConnectOpts & ConnectionOptions & { isTls: boolean }
export type Connection = ReturnType<typeof openConnection>

export interface ConnectionListener {
  /** The connection can send a next request. */
  onIdle: (connection: Connection) => void
  onClose: (connection: Connection) => void
}

interface Call {
  resolve: (response: HttpResponse) => void
  reject: (error?: Error) => void
  deadline: NodeJS.Timeout
}

/** Opens a connection, which takes one request at a time. */
export function openConnection(target: Target, { onIdle, onClose }: ConnectionListener) {
  const socket: Socket = target.isTls ? connectTls(target) : connectTcp(target)
  const parser = createResponseParser()
  const openedAt = performance.now()
  let isOpen = false
  let usableUntil = 0
  let call: Call | undefined

  const timeout = afterReads(CONNECT_TIMEOUT_MS, () => {
    if (!isOpen) close(new Error(`expected a connection within ${CONNECT_TIMEOUT_MS} ms`))
  })
  socket
    .setTimeout(KEEP_ALIVE_MS, () => call ?? socket.destroy())
    .on(target.isTls ? 'secureConnect' : 'connect', () => {
      isOpen = true
      clearTimeout(timeout)
    })
    .on('data', (bytes) => {
      try {
        if (!call) throw new Error('expected no response without a request')
        respond(parser.push(bytes))
      } catch (error) {
        close(error as Error)
      }
    })
    .on('end', () => {
      respond(parser.end())
      close(new Error('the connection was closed before the response was complete'))
    })
    .on('error', close)
    .on('close', () => {
      clearTimeout(timeout)
      onClose(connection)
    })

  function respond(response: HttpResponse | undefined): void {
    if (!response || !call) return
    const { resolve, deadline } = call
    call = undefined
    clearTimeout(deadline)
    const { keepAliveMs } = parser
    usableUntil = Math.min(performance.now() + keepAliveMs, openedAt + CONNECTION_TTL_MS)
    // Unsent bytes are of a request that the server did not read. A server may end the connection
    // without announcing it: by the next turn of the event loop, that is usually known.
    if (keepAliveMs > 0 && socket.writableLength === 0) setImmediate(onIdle, connection)
    else socket.destroy()
    resolve(response)
  }

  function close(error?: Error): void {
    socket.destroy()
    if (!call) return
    clearTimeout(call.deadline)
    call.reject(error)
    call = undefined
  }

  const connection = {
    get isBusy() {
      return call !== undefined
    },
    isUsable: (): boolean => !socket.destroyed && performance.now() < usableUntil,
    /** Sends a request. Resolves to the response, and rejects where it is not complete within `timeoutMs`. */
    send(request: string | Buffer, timeoutMs: number): Promise<HttpResponse> {
      return new Promise((resolve, reject) => {
        const timedOut = () => {
          if (call === sent) close(new Error(`expected a response within ${timeoutMs} ms`))
        }
        const sent = { resolve, reject, deadline: afterReads(timeoutMs, timedOut) }
        call = sent
        socket.write(request, 'latin1')
      })
    },
    /** Closes the connection. A request in progress rejects with `error`. */
    close,
  }
  return connection
}

/** In a process that was suspended, timers fire before sockets are read. Here they are read first. */
function afterReads(ms: number, timedOut: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(timedOut), ms)
}
