import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until, within } from '@dockercoins/testing'
import { totals, unitsDone } from '@dockercoins/testing/figures'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'
import { startStack } from '@dockercoins/testing/start-stack'

const skip = hasRedisServer() ? false : NO_REDIS
const env = { FAULTS: 'allow', DELAY_MS: '5', INTERVAL_MS: '100', LOOPS: '2' }

/** The faults, and how the page names each. */
const faults: [fault: object, name: string][] = [
  [{ slowerMs: 20 }, '20 ms slower'],
  [{ errors: 0.2 }, 'errors 20 %'],
  [{ hang: 0.05 }, 'hangs 5 %'],
  [{ cut: 0.2 }, 'cuts 20 %'],
  [{ cpu: 0.2 }, 'processor 20 %'],
  [{ memoryMb: 10 }, 'keeps 10 MiB'],
  [{ unready: true }, 'not ready'],
]

async function put(url: string, fault: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ ...fault, seconds: 60 })
  assert.equal((await fetch(`${url}/faults`, { method: 'PUT', headers, body })).status, 200)
}

/** Reads what the page is sent until `text` comes. */
async function untilSent(webui: string, text: RegExp): Promise<void> {
  const stop = new AbortController()
  const { body } = await fetch(`${webui}/events`, { signal: stop.signal })
  async function read(): Promise<void> {
    for await (const chunk of body ?? []) if (text.test(Buffer.from(chunk).toString())) return
  }
  await within(`${text} in /events`, read()).finally(() => stop.abort())
}

test('the page shows each fault on purpose, and no hash is lost or counted twice under any', { skip }, async (t) => {
  const { urls, ...stack } = await startStack(t, { env, scale: { worker: 2 } })
  for (const service of ['rng', 'hasher'] as const) {
    for (const [fault, name] of faults) {
      await put(urls[service], fault)
      await untilSent(urls.webui, new RegExp(`"fault":"${name}"`))
      assert.deepEqual(await (await fetch(`${urls[service]}/faults`, { method: 'DELETE' })).json(), {})
    }
  }
  const { hashes: before } = await totals(urls.webui)
  await until(
    'the workers to go on',
    () => totals(urls.webui),
    ({ hashes }) => hashes > before + 20,
  )
  await untilSent(urls.webui, /→ none/)
  await stack.stop('worker', 'SIGTERM')
  const { hashes } = await totals(urls.webui)
  assert.equal(hashes, unitsDone(await stack.lines('worker')))
  assert.match(await stack.audit(), /sound/)
})
