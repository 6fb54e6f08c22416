import type { TestContext } from 'node:test'

import { planLocal, urlsOf } from '@dockercoins/local'

import { startClusterStack } from './cluster-stack.ts'
import { startComposeStack } from './compose-stack.ts'
import { audit } from './figures.ts'
import { freePorts } from './free-ports.ts'
import { startRedisServer } from './redis-server.ts'
import { startService, type ServiceProcess } from './service-process.ts'
import type { Part, Stack, StackOptions } from './stack.ts'

/**
 * Starts the application: where STACK is "compose" in containers, where it is "cluster" in
 * Kubernetes, else as processes. Resolves when all of it listens.
 */
export function startStack(t: TestContext, options: StackOptions = {}): Promise<Stack> {
  switch (process.env.STACK) {
    case 'compose':
      return startComposeStack(t, options)
    case 'cluster':
      return startClusterStack(t, options)
    default:
      return startProcesses(t, options)
  }
}

/** Starts the application as `npm start` does, except that each part can be stopped alone. */
async function startProcesses(t: TestContext, { scale = {}, env = {} }: StackOptions): Promise<Stack> {
  const redis = await startRedisServer()
  t.after(() => redis.remove())
  const { worker = 1, rng = 1, hasher = 1 } = scale
  const port = await freePorts(1 + worker + rng + hasher)
  const plan = planLocal({ port, scale, redis: redis.url }, { LOG_FORMAT: 'json', ...env })
  const urls = urlsOf(plan)
  const running = new Map<Part, ServiceProcess[]>()
  const printed = new Map<Part, string[][]>()

  const stack: Stack = {
    urls: { rng: urls.rng[0]!, hasher: urls.hasher[0]!, webui: urls.webui[0]! },
    async stop(part, signal) {
      if (part === 'redis') return redis.stop(signal)
      const processes = running.get(part) ?? []
      for (const process of processes) process.kill(signal)
      await Promise.all(processes.map(({ exited }) => exited))
    },
    async start(part) {
      if (part === 'redis') return redis.start()
      const plans = plan.processes.filter(({ service }) => service === part)
      const processes = await Promise.all(plans.map((one) => startService(t, one.service, one.env)))
      running.set(part, processes)
      printed.set(part, [...(printed.get(part) ?? []), ...processes.map(({ lines }) => lines)])
    },
    lines: async (part) => (printed.get(part) ?? []).flat(),
    audit: () => audit(redis.url),
  }
  await Promise.all((['rng', 'hasher', 'webui', 'worker'] as const).map((part) => stack.start(part)))
  return stack
}
