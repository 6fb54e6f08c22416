import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { TestContext } from 'node:test'

import { listenLocally } from './listen.ts'

/**
 * An HTTP server that stands in for a service. Returns its port, and a function that closes it
 * before the test ends.
 */
export async function listen(t: TestContext, listener: RequestListener, port = 0) {
  const server = createServer(listener)
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  t.after(close)
  return { port: await listenLocally(server, port), close }
}

/** Never responds. */
export const hang: RequestListener = () => {}

export const good: RequestListener = (_request, response) => response.end('good')

/** Sends one byte of its response after the other, for ever. */
export const trickle: RequestListener = (_request, response) => {
  const timer = setInterval(() => response.write('x'), 200)
  response.on('close', () => clearInterval(timer))
}
