import assert from 'node:assert/strict'
import { EventEmitter, on } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'

import { listenLocally } from '@dockercoins/testing/listen'

import type { Output } from './output.ts'
import { planLocal } from './plan.ts'
import { showStatus } from './report.ts'
import type { Supervisor } from './supervise.ts'

/**
 * Resolves to the first status line that matches, of an application whose web UI responds with
 * `body`. On a busy machine the response may come too late for an earlier line.
 */
async function firstStatus(t: TestContext, body: string | undefined, wanted = /./): Promise<string | undefined> {
  const server = createServer((request, response) => {
    assert.equal(request.url, '/history?seconds=10')
    response.writeHead(body === undefined ? 503 : 200).end(body)
  })
  t.after(() => server.close())
  const port = await listenLocally(server)
  const lines = new EventEmitter()
  const output = { status: (line: string) => lines.emit('line', line) } as unknown as Output
  const { processes } = planLocal({ port, scale: { rng: 3, worker: 10 } }, {})
  const stop = showStatus({ plans: () => processes } as Supervisor, output)
  t.after(stop)
  for await (const [line] of on(lines, 'line') as AsyncIterable<[string]>) {
    if (wanted.test(line)) return line.replace(`${port}`, 'PORT')
  }
  return undefined
}

test('the status line has the address, the newest speed that is known, and what runs', async (t) => {
  const line = await firstStatus(t, '{"from":1,"speeds":[null,9.5,29.96,null]}', /hashes/)
  assert.equal(line, 'http://localhost:PORT  30.0 hashes/s  webui, rng ×3, hasher, worker ×10')
})

test('without a speed the status line has none', async (t) => {
  for (const body of ['{"from":1,"speeds":[null]}', undefined]) {
    assert.equal(await firstStatus(t, body), 'http://localhost:PORT  webui, rng ×3, hasher, worker ×10')
  }
})
