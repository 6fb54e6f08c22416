import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { until } from '@dockercoins/testing'
import { assertNothingLost } from '@dockercoins/testing/counting'
import { putFault } from '@dockercoins/testing/fault-command'
import { metric } from '@dockercoins/testing/figures'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'
import type { Stack } from '@dockercoins/testing/stack'
import { startStack } from '@dockercoins/testing/start-stack'
import * as fc from 'fast-check'

// A longer one: SOAK_SECONDS=600 SOAK_SEED=1 node --test e2e/src/soak.test.ts, STACK as in run-tests.ts.

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 15)
const SEED = Number(process.env['SOAK_SEED'] ?? 1)
const WORKERS = 3

const share = fc.double({ min: 0.01, max: 0.5, noNaN: true })
const fault = fc.oneof(
  fc.record({ slowerMs: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ errors: share, cut: share }),
  fc.record({ hang: share }),
  fc.record({ cpu: share, memoryMb: fc.integer({ min: 1, max: 32 }) }),
  fc.record({ unready: fc.constant(true) }),
)
const service = fc.constantFrom('rng' as const, 'hasher' as const)
const event = fc.record({
  afterMs: fc.integer({ min: 0, max: 2000 }),
  does: fc.oneof(
    { weight: 4, arbitrary: fc.record({ service, fault, seconds: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ restarts: fc.constantFrom('rng' as const, 'hasher', 'webui', 'redis') }) },
  ),
})

type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

/** Begins a fault, or kills all processes of a part and starts them again. */
async function apply(stack: Stack, { does }: Event): Promise<void> {
  if ('restarts' in does) {
    await stack.stop(does.restarts, 'SIGKILL')
    await stack.start(does.restarts)
    return
  }
  await until('a fault to begin', () => putFault(stack.urls[does.service], { ...does.fault, seconds: does.seconds }))
}

/** Resolves once so many hashes were counted within a second. */
async function untilFast(webui: string, perSecond: number): Promise<void> {
  const seconds = async () => {
    const response = await fetch(`${webui}/history?seconds=5`)
    return ((await response.json()) as { speeds: (number | null)[] }).speeds
  }
  await until('the speed to be full again', seconds, (speeds) => (speeds.at(-1) ?? 0) > perSecond)
}

const skip = hasRedisServer() ? false : NO_REDIS
test(
  'faults and restarts at random lose no hash, count none twice, and leave the full speed',
  {
    skip,
    timeout: (SECONDS + 240) * 1000,
  },
  async (t) => {
    const env = { FAULTS: 'allow', TIMEOUT_MS: '3000' }
    const stack = await startStack(t, { env, scale: { worker: WORKERS, rng: 2 } })
    const { webui, rng } = stack.urls
    const resident = () => metric(webui, /^process_resident_memory_bytes /)
    await untilFast(webui, 2.5 * WORKERS)
    const before = await resident()

    const deadline = performance.now() + SECONDS * 1000
    for (const next of fc.sample(event, { seed: SEED, numRuns: SECONDS * 2 })) {
      if (performance.now() > deadline) break
      await apply(stack, next)
      await sleep(next.afterMs)
    }
    for (const url of [rng, stack.urls.hasher]) await fetch(`${url}/faults`, { method: 'DELETE' })
    const ended = performance.now()
    await untilFast(webui, 2.5 * WORKERS)
    const seconds = ((performance.now() - ended) / 1000).toFixed(1)
    const megabytes = [before, await resident()].map((bytes) => Math.round(bytes / 1e6)).join(', ')
    t.diagnostic(`full speed again after ${seconds} s; web UI, MB before and after: ${megabytes}`)

    await assertNothingLost(stack)
  },
)
