import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { until } from '@dockercoins/testing'
import { run } from '@dockercoins/testing/cluster'
import { startClusterStack } from '@dockercoins/testing/cluster-stack'
import { assertNothingLost, untilMore } from '@dockercoins/testing/counting'

/** An autoscaler asks every 15 s, and waits for a minute before it takes pods away. */
const SCALED_MS = 240_000
const METRICS_API = 'v1beta2.custom.metrics.k8s.io'
const METRICS_NAMESPACE = 'dockercoins-metrics'

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(0)

/** What the API server knows about a Deployment, and about an autoscaler with one metric of pods. */
interface Deployment {
  status: { readyReplicas?: number }
}
interface Autoscaler {
  status: { currentMetrics?: [{ pods?: { current: { averageValue: string } } }] | null }
}

/** What the API server responds to GET `path`. */
async function get<T>(path: string): Promise<T> {
  return JSON.parse(await run('kubectl', 'get', '--raw', path)) as T
}

/** Starts Prometheus and its adapter. */
async function startMetrics(t: TestContext): Promise<void> {
  const apis = await run('kubectl', 'get', 'apiservices', '--output', 'name')
  assert.doesNotMatch(apis, /custom\.metrics/, 'expected a cluster without an adapter for custom metrics')
  t.after(() => run('kubectl', 'delete', '--ignore-not-found', '--filename', 'deploy/autoscaling/'))
  await run('kubectl', 'apply', '--filename', 'deploy/autoscaling/')
  for (const name of ['prometheus', 'prometheus-adapter'])
    await run('kubectl', '--namespace', METRICS_NAMESPACE, 'rollout', 'status', `deployment/${name}`, '--timeout=120s')
  await run('kubectl', 'wait', 'apiservice', METRICS_API, '--for=condition=Available', '--timeout=60s')
}

test('rng grows by its waiting requests, and shrinks when they are gone', { timeout: 600_000 }, async (t) => {
  await startMetrics(t)
  const metrics = 'networkPolicy.allowFrom[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name'
  const stack = await startClusterStack(t, {
    values: ['rng.autoscaling.enabled=true', 'rng.autoscaling.maxReplicas=3', `${metrics}=${METRICS_NAMESPACE}`],
  })
  const { kubectl, name } = stack.namespace
  const namespaced = `namespaces/${name}`
  async function replicas(): Promise<number> {
    const { status } = await get<Deployment>(`/apis/apps/v1/${namespaced}/deployments/rng`)
    return status.readyReplicas ?? 0
  }
  const scaledTo = (wanted: number) => until(`rng × ${wanted}`, replicas, (count) => count === wanted, SCALED_MS)

  const began = performance.now()
  async function row(): Promise<string> {
    const at = seconds(began)
    const autoscaler = `/apis/autoscaling/v2/${namespaced}/horizontalpodautoscalers/rng`
    const { currentMetrics } = (await get<Autoscaler>(autoscaler)).status
    const waiting = currentMetrics?.[0].pods?.current.averageValue ?? 'not known'
    const answer = await fetch(`${stack.urls.webui}/history?seconds=5`)
    const { speeds } = (await answer.json()) as { speeds: (number | null)[] }
    const known = speeds.filter((each) => each !== null)
    const speed = known.reduce((sum, each) => sum + each, 0) / known.length
    return `${at} s: waiting per pod ${waiting}, ${await replicas()} replicas, ${speed.toFixed(1)} hashes per second`
  }
  const rows: Promise<string>[] = []
  const sample = setInterval(() => rows.push(row().catch((error: Error) => error.message)), 1000)
  t.after(() => clearInterval(sample))

  await scaledTo(1)
  await kubectl('scale', 'deployment/worker', '--replicas=10')
  await scaledTo(3)
  t.diagnostic(`three replicas after ${seconds(began)} s`)
  await stack.rolledOut('rng')
  await untilMore(stack, 300)

  await kubectl('scale', 'deployment/worker', '--replicas=1')
  const calm = performance.now()
  await scaledTo(1)
  t.diagnostic(`one replica ${seconds(calm)} s after the load went`)
  clearInterval(sample)
  const lines = await Promise.all(rows)
  for (const line of lines) t.diagnostic(line)
  const mostWaiting = Math.max(...lines.map((line) => Number(/per pod (\d+),/.exec(line)?.[1] ?? 0)))
  assert.ok(mostWaiting > 1, `expected more than one waiting request, got ${mostWaiting}`)
  await assertNothingLost(stack)
})
