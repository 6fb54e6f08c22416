import assert from 'node:assert/strict'
import { test } from 'node:test'

import { assertNothingLost, untilMore } from '@dockercoins/testing/counting'
import { putFault } from '@dockercoins/testing/fault-command'
import { readEvents } from '@dockercoins/testing/read-events'
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

/** Reads what the page is sent until `text` comes. */
function untilSent(webui: string, text: RegExp): Promise<string> {
  return readEvents(`${webui}/events`, (events) => text.test(events))
}

test('the page shows each fault on purpose, and no hash is lost or counted twice under any', { skip }, async (t) => {
  const stack = await startStack(t, { env, scale: { worker: 2 } })
  const { urls } = stack
  for (const service of ['rng', 'hasher'] as const) {
    for (const [fault, name] of faults) {
      await putFault(urls[service], { ...fault, seconds: 60 })
      await untilSent(urls.webui, new RegExp(`"fault":"${name}"`))
      assert.deepEqual(await (await fetch(`${urls[service]}/faults`, { method: 'DELETE' })).json(), {})
    }
  }
  await untilMore(stack)
  await untilSent(urls.webui, /→ none/)
  await assertNothingLost(stack)
})
