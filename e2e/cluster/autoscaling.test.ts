import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { startClusterStack } from '@dockercoins/testing/cluster-stack'
import { metric, totals } from '@dockercoins/testing/figures'

import { serveCustomMetrics } from './custom-metrics.ts'
import { assertNothingLost, untilMore } from './load.ts'

/** An autoscaler asks every 15 s, and waits for a minute before it takes pods away. */
const SCALED_MS = 240_000

test('rng grows by its waiting requests, and shrinks when they are gone', async (t) => {
  const peers = 'networkPolicy.allowFrom[0].podSelector.matchLabels.app=metrics'
  const values = ['rng.autoscaling.enabled=true', 'rng.autoscaling.maxReplicas=3', peers]
  const stack = await startClusterStack(t, { values })
  const { kubectl } = stack.namespace
  await serveCustomMetrics(t, stack.namespace)
  const replicas = async () =>
    Number(await kubectl('get', 'deployment', 'rng', '--output', 'jsonpath={.spec.replicas}'))

  const began = performance.now()
  const rows: string[] = []
  const sample = setInterval(() => void row().then((line) => rows.push(line)), 5000)
  t.after(() => clearInterval(sample))
  async function row(): Promise<string> {
    const second = ((performance.now() - began) / 1000).toFixed(0)
    const answer = await fetch(`${stack.urls.webui}/history?seconds=5`)
    const { speeds } = (await answer.json()) as { speeds: (number | null)[] }
    const speed = speeds.reduce<number>((sum, each) => sum + (each ?? 0), 0) / speeds.length
    // Of one replica, by way of the Service.
    const waiting = await metric(stack.urls.rng, /^dockercoins_queue_requests /)
    return `${second} s: ${await replicas()} replicas, ${waiting} wait, ${speed.toFixed(1)} hashes per second`
  }

  await kubectl('scale', 'deployment/worker', '--replicas=10')
  await until('three replicas of rng', replicas, (count) => count === 3, SCALED_MS)
  t.diagnostic(`three replicas after ${((performance.now() - began) / 1000).toFixed(0)} s`)
  await stack.rolledOut('rng')
  await untilMore(stack, 600)
  assert.ok((await totals(stack.urls.webui)).hashes > 600)

  await kubectl('scale', 'deployment/worker', '--replicas=1')
  const calm = performance.now()
  await until('one replica of rng', replicas, (count) => count === 1, SCALED_MS)
  t.diagnostic(`one replica ${((performance.now() - calm) / 1000).toFixed(0)} s after the load went`)
  clearInterval(sample)
  for (const line of rows) t.diagnostic(line)
  await assertNothingLost(stack)
})
