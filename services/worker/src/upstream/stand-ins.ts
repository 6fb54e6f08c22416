import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

import { pino } from 'pino'

import { createUpstream } from './upstream.ts'

/** A service that answers as it is told to. Gives its port, and how to close it before the test ends. */
export async function listen(t: TestContext, port: number, answer: RequestListener) {
  const server = createServer(answer).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  t.after(close)
  return { port: (server.address() as AddressInfo).port, close }
}

/** An upstream of the services at `ports`, and the lines that it logged. */
export function connect(t: TestContext, ports: number[], timeoutMs = 5000) {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) })
  const urls = ports.map((port) => new URL(`http://127.0.0.1:${port}`))
  const stop = new AbortController()
  const backPressure = { count: 0 }
  const upstream = createUpstream('rng', {
    urls,
    timeoutMs,
    stop: stop.signal,
    log,
    onBackPressure: () => backPressure.count++,
  })
  t.after(() => upstream.destroy())
  const ask = () => upstream.ask({ method: 'GET', path: '/32', body: null }, String)
  return { upstream, ask, lines, stop, backPressure }
}

export const hang: RequestListener = () => {}
export const good: RequestListener = (_request, response) => response.end('good')
/** A byte now and then, for ever. */
export const trickle: RequestListener = (_request, response) => {
  const timer = setInterval(() => response.write('x'), 200)
  response.on('close', () => clearInterval(timer))
}
