import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'

import { freePorts } from '@dockercoins/testing/free-ports'

import { waitUntilReady } from './readiness.ts'

/** A service that answers with these, one after the other and the last for good; 0 is no answer at all. */
async function serve(t: TestContext, statuses: number[]) {
  const asked: (string | undefined)[] = []
  const port = await freePorts()
  const server = createServer((request, response) => {
    asked.push(request.url)
    const status = statuses.length > 1 ? statuses.shift() : statuses[0]
    if (status) response.writeHead(status).end('x')
    else server.emit('silent')
  }).listen(port, '127.0.0.1')
  t.after(() => server.close().closeAllConnections())
  await once(server, 'listening')
  return { server, asked, url: `http://127.0.0.1:${port}/readyz` }
}

test('a service is ready when it first answers 200, and is asked no more then', async (t) => {
  const { url, asked } = await serve(t, [503, 0, 200])
  assert.equal(await waitUntilReady(url, new AbortController().signal), true)
  assert.deepEqual(asked, ['/readyz', '/readyz', '/readyz'])
})

test('the wait ends when it is called off, even in the middle of a request', async (t) => {
  const { url, server } = await serve(t, [0])
  const stop = new AbortController()
  server.once('silent', () => stop.abort())
  assert.equal(await waitUntilReady(url, stop.signal), false)
  assert.equal(await waitUntilReady(url, stop.signal), false)
})
