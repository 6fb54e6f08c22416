// A unit of work is two small requests. With undici's `Pool.dispatch` and 16 loops the worker takes
// 1.5 × the processor time and 8 MB more.
import { isIP } from 'node:net'

import { openConnection, type Connection, type ConnectionListener, type Target } from './connection.ts'
import type { HttpResponse } from './response-head.ts'

export interface HttpRequest {
  method: 'GET' | 'POST'
  path: string
  body: Buffer | null
  /** The span that the request belongs to (W3C Trace Context). */
  traceparent?: string
}

/**
 * An HTTP/1.1 client of the service at `url`, of which `address` is one replica. It opens a
 * connection for each request in progress, and uses it for later ones.
 */
export function createHttpClient({ protocol, hostname, host, port }: URL, address: string) {
  const isTls = protocol === 'https:'
  const name = hostname.replace(/^\[|\]$/g, '')
  const target: Target = {
    isTls,
    host: address,
    port: Number(port) || (isTls ? 443 : 80),
    noDelay: true,
    // The name stays in the Host header and in the certificate.
    servername: isIP(name) ? '' : name,
    ALPNProtocols: ['http/1.1'],
  }
  const all = new Set<Connection>()
  const idle: Connection[] = []
  let destroyed: Error | undefined
  const listener: ConnectionListener = {
    onIdle: (connection) => idle.push(connection),
    onClose: (connection) => all.delete(connection),
  }

  function takeConnection(): Connection {
    for (let connection; (connection = idle.pop());) {
      if (connection.isUsable()) return connection
      connection.close()
    }
    const connection = openConnection(target, listener)
    all.add(connection)
    return connection
  }

  return {
    /** Whether a request is in progress. */
    get isBusy(): boolean {
      return all.values().some((connection) => connection.isBusy)
    },
    /**
     * Sends a request and resolves to its whole response. Rejects when the connection fails, when
     * the response is not complete within `timeoutMs`, and after `destroy`.
     */
    request({ method, path, body, traceparent }: HttpRequest, timeoutMs: number): Promise<HttpResponse> {
      if (destroyed) return Promise.reject(destroyed)
      const ofTrace = traceparent === undefined ? '' : `traceparent: ${traceparent}\r\n`
      const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${ofTrace}`
      if (!body) return takeConnection().send(`${head}\r\n`, timeoutMs)
      // Some services refuse a body without a type, or parse it as a form.
      const ofBody = `content-type: application/octet-stream\r\ncontent-length: ${body.length}\r\n\r\n`
      return takeConnection().send(`${head}${ofBody}${body.toString('latin1')}`, timeoutMs)
    },
    /** Closes all connections. The requests in progress reject with `error`. */
    destroy(error: Error): void {
      destroyed ??= error
      for (const connection of all) connection.close(error)
    },
  }
}
