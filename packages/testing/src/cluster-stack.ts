import type { TestContext } from 'node:test'

import { until } from '@dockercoins/testing'

import { createNamespace, run, type Namespace } from './cluster.ts'
import { totals } from './figures.ts'
import type { Part, Stack, StackOptions } from './stack.ts'

/** A stack in a namespace of a Kubernetes cluster. */
export interface ClusterStack extends Stack {
  namespace: Namespace
  /** Changes the values of the chart. */
  upgrade: (...values: string[]) => Promise<void>
  /** Resolves when the pods of `part` are those of its last change, and ready. */
  rolledOut: (part: Part) => Promise<void>
}

interface ClusterOptions extends StackOptions {
  /** Values of the chart, as `--set` takes them. */
  values?: string[]
}

const CHART = 'deploy/chart'

const workload = (part: Part) => (part === 'redis' ? 'statefulset/redis' : `deployment/${part}`)

/**
 * Installs the chart in a namespace of its own. Resolves when all pods are ready, or, where there
 * are no workers, when all others are.
 */
export async function startClusterStack(
  t: TestContext,
  { scale = {}, env = {}, values = [] }: ClusterOptions = {},
): Promise<ClusterStack> {
  const namespace = await createNamespace(t)
  const { kubectl, url } = namespace
  const count: Record<Part, number> = { rng: 1, hasher: 1, webui: 1, worker: 1, redis: 1, ...scale }
  const set = [
    ...Object.entries(scale).map(([service, replicas]) => `${service}.replicas=${replicas}`),
    ...Object.entries({ LOG_FORMAT: 'json', ...env }).map(([name, value]) => `env.${name}=${value}`),
    ...values,
  ].flatMap((value) => ['--set', value])
  const inNamespace = ['--namespace', namespace.name]

  const stack: ClusterStack = {
    namespace,
    urls: { webui: url('webui'), rng: url('rng'), hasher: url('hasher') },
    async stop(part, signal) {
      // The kubelet kills at once, and the controller starts others, which then stop.
      if (signal === 'SIGKILL')
        await kubectl('delete', 'pods', '--selector', `app=${part}`, '--grace-period=0', '--force')
      await kubectl('scale', workload(part), '--replicas=0')
      await kubectl('wait', 'pods', '--selector', `app=${part}`, '--for=delete', '--timeout=60s')
      await namespace.untilRead(part)
    },
    async start(part) {
      await kubectl('scale', workload(part), `--replicas=${count[part]}`)
      await stack.rolledOut(part)
    },
    lines: async (part) => namespace.lines(part),
    audit: () => run('helm', 'test', 'dockercoins', ...inNamespace, '--filter', 'name=audit', '--logs'),
    async upgrade(...changes) {
      const changed = changes.flatMap((value) => ['--set', value])
      await run('helm', 'upgrade', 'dockercoins', CHART, ...inNamespace, '--reuse-values', ...changed)
    },
    async rolledOut(part) {
      await kubectl('rollout', 'status', workload(part), '--timeout=240s')
    },
  }
  await run('helm', 'install', 'dockercoins', CHART, ...inNamespace, ...set)
  await Promise.all((Object.keys(count) as Part[]).map((part) => stack.rolledOut(part)))
  // A Service has its endpoints a moment after they are ready.
  await until('an answer from /json', () => totals(stack.urls.webui))
  return stack
}
