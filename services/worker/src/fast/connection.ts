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
}

/** Opens a connection, which takes one request at a time. */
export function openConnection(target: Target, { onIdle, onClose }: ConnectionListener) {
  const socket: Socket = target.isTls ? connectTls(target) : connectTcp(target)
  const parser = createResponseParser()
  const openedAt = performance.now()
  let isOpen = false
  let usableUntil = 0
  let call: Call | undefined
  let deadline: { ms: number; timer: NodeJS.Timeout } | undefined

  const connectTimedOut = () => {
    if (!isOpen) close(new Error(`expected a connection within ${CONNECT_TIMEOUT_MS} ms`))
  }
  // In a process that was suspended, timers fire before sockets are read. Here they are read first.
  const timeout = setTimeout(setImmediate, CONNECT_TIMEOUT_MS, connectTimedOut)
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
      clearTimeout(deadline?.timer)
      onClose(connection)
    })

  function respond(response: HttpResponse | undefined): void {
    if (!response || !call) return
    const { resolve } = call
    call = undefined
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
    call?.reject(error)
    call = undefined
  }

  /** The request just sent has `ms` milliseconds. */
  function setDeadline(ms: number): void {
    if (deadline?.ms === ms) {
      deadline.timer.refresh()
      return
    }
    clearTimeout(deadline?.timer)
    const timedOut = (late: Call | undefined) => {
      if (late && call === late) close(new Error(`expected a response within ${ms} ms`))
    }
    deadline = { ms, timer: setTimeout(() => setImmediate(timedOut, call), ms) }
  }

  const connection = {
    get isBusy() {
      return call !== undefined
    },
    isUsable: (): boolean => !socket.destroyed && performance.now() < usableUntil,
    /** Sends a request. Resolves to the response, and rejects where it is not complete within `timeoutMs`. */
    send(request: string, timeoutMs: number): Promise<HttpResponse> {
      return new Promise((resolve, reject) => {
        call = { resolve, reject }
        setDeadline(timeoutMs)
        socket.write(request, 'latin1')
      })
    },
    /** Closes the connection. A request in progress rejects with `error`. */
    close,
  }
  return connection
}
