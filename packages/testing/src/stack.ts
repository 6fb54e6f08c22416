import type { TestContext } from 'node:test'

import { freePort } from '@dockercoins/testing/listen'
import { startRedisServer } from '@dockercoins/testing/redis-server'

import { startComposeStack } from './compose-stack.ts'
import { audit } from './figures.ts'
import { startService, type ServiceProcess } from './service-process.ts'

/** One copy of the whole application under test, its ledger in Redis. It is gone when the test ends. */
export interface Stack {
  urls: Record<'webui' | 'rng' | 'hasher', string>
  /** Ends every process of `part`, and resolves when they are gone. They stay away until they are started again. */
  stop(part: Part, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Starts what was stopped, at the same addresses and with the same data. Resolves when it listens. */
  start(part: Part): Promise<void>
  /** All lines that the processes of `part` have said. */
  lines(part: Exclude<Part, 'redis'>): Promise<string[]>
  /** What the audit command says of the ledger. Rejects unless it is sound. */
  audit(): Promise<string>
}

export type Part = 'worker' | 'rng' | 'hasher' | 'webui' | 'redis'

export interface StackOptions {
  /** Processes of each service; 1 when not given. */
  scale?: { worker?: number; rng?: number; hasher?: number }
  /** Variables for all services. */
  env?: Record<string, string>
}

/** Starts the application, in containers where STACK is "compose", else from source. Resolves when all of it listens. */
export function startStack(t: TestContext, options: StackOptions = {}): Promise<Stack> {
  return process.env.STACK === 'compose' ? startComposeStack(t, options) : startProcesses(t, options)
}

/** Starts the application from source, as processes of this machine. */
async function startProcesses(t: TestContext, { scale = {}, env = {} }: StackOptions): Promise<Stack> {
  const redis = await startRedisServer()
  t.after(() => redis.remove())
  const [rngs, hashers, webuis, workers] = await Promise.all([
    reserve('rng', scale.rng),
    reserve('hasher', scale.hasher),
    reserve('webui', 1),
    reserve('worker', scale.worker),
  ])
  const wiring = {
    PLATFORM: 'local',
    LEDGER_URL: redis.url,
    RNG_URL: urls(rngs).join(),
    HASHER_URL: urls(hashers).join(),
  }
  const places = { rng: rngs, hasher: hashers, webui: webuis, worker: workers }
  const said: Record<keyof typeof places, string[][]> = { rng: [], hasher: [], webui: [], worker: [] }
  const running = new Map<Part, ServiceProcess[]>()

  const stack: Stack = {
    urls: { rng: urls(rngs)[0]!, hasher: urls(hashers)[0]!, webui: urls(webuis)[0]! },
    async stop(part, signal) {
      if (part === 'redis') return redis.stop(signal)
      const processes = running.get(part) ?? []
      for (const process of processes) process.kill(signal)
      await Promise.all(processes.map(({ exited }) => exited))
    },
    async start(part) {
      if (part === 'redis') return redis.start()
      const started = places[part].map(({ name, port }) =>
        startService(t, part, { ...wiring, ...env, PORT: `${port}`, HOSTNAME: name }),
      )
      const processes = await Promise.all(started)
      said[part].push(...processes.map(({ lines }) => lines))
      running.set(part, processes)
    },
    lines: async (part) => said[part].flat(),
    audit: () => audit(redis.url),
  }
  await Promise.all((['rng', 'hasher', 'webui', 'worker'] as const).map((part) => stack.start(part)))
  return stack
}

interface Place {
  name: string
  port: number
}

function urls(places: Place[]): string[] {
  return places.map(({ port }) => `http://127.0.0.1:${port}`)
}

function reserve(service: string, count = 1): Promise<Place[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => ({ name: `${service}-${index + 1}`, port: await freePort() })),
  )
}
