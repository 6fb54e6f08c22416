import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { run } from '@dockercoins/testing/cluster'
import { startClusterStack } from '@dockercoins/testing/cluster-stack'
import { assertNothingLost, untilMore } from '@dockercoins/testing/counting'
import { assertBreaksRng, runFault } from '@dockercoins/testing/fault-command'
import { totals } from '@dockercoins/testing/figures'

import { assertLossIsLogged, secondsLost } from './load.ts'

test('pods that are deleted under load, one of each service, are replaced and lose nothing', async (t) => {
  const stack = await startClusterStack(t, { scale: { worker: 10, rng: 2, hasher: 2 } })
  const { kubectl, pods } = stack.namespace
  await untilMore(stack, 200)
  for (const service of ['rng', 'hasher', 'worker', 'webui', 'redis'] as const) {
    const { now } = await until('an answer from /json', () => totals(stack.urls.webui))
    const [pod = ''] = await pods(service)
    await kubectl('delete', 'pod', pod)
    await stack.rolledOut(service)
    await untilMore(stack, 100)
    t.diagnostic(`${service}: ${(await secondsLost(stack, now)).toFixed(1)} s of speed lost`)
  }
  await assertNothingLost(stack)
})

test('a Redis that is killed under the load of ten workers, three times, loses nothing', async (t) => {
  const stack = await startClusterStack(t, { scale: { worker: 10 } })
  await untilMore(stack, 120)
  for (let round = 1; round <= 3; round++) {
    const { now } = await until('an answer from /json', () => totals(stack.urls.webui))
    await stack.namespace.kubectl('delete', 'pod', 'redis-0', '--grace-period=0', '--force')
    await stack.rolledOut('redis')
    await untilMore(stack, 50)
    t.diagnostic(`${(await secondsLost(stack, now)).toFixed(1)} s of speed lost`)
  }
  await assertNothingLost(stack)
})

test('a node that is drained and returns takes no hash that is not logged', async (t) => {
  const stack = await startClusterStack(t, { scale: { worker: 4, rng: 2, hasher: 2 } })
  const { kubectl, name } = stack.namespace
  await untilMore(stack)
  const before = await stack.namespace.pods('rng')
  const [pod = ''] = before
  const node = await kubectl('get', 'pod', pod, '--output', 'jsonpath={.spec.nodeName}')
  t.after(() => run('kubectl', 'uncordon', node))
  // Only the pods of this test leave the node.
  await kubectl('label', 'pods', '--all', `drained=${name}`)
  const drained = run('kubectl', 'drain', node, '--pod-selector', `drained=${name}`, '--delete-emptydir-data')
  await until(
    'a pod that left',
    () => stack.namespace.pods('rng'),
    (pods) => before.some((each) => !pods.includes(each)),
  )
  // Where there is only one node, the budgets keep the others on it until the first are replaced.
  await run('kubectl', 'uncordon', node)
  await drained
  for (const part of ['redis', 'rng', 'hasher', 'webui', 'worker'] as const) await stack.rolledOut(part)
  await untilMore(stack)
  // With one node Redis has no place for a while, and a worker that stops then cannot record.
  await assertLossIsLogged(stack)
})

test('npm run fault breaks all replicas of a service, and ends it', async (t) => {
  const stack = await startClusterStack(t, { scale: { rng: 2, worker: 0 }, values: ['rng.env.FAULTS=allow'] })
  const namespace = ['--namespace', stack.namespace.name]
  await assertBreaksRng(stack.urls.rng, namespace)
  const how = `hasher-.* does not allow faults: start it with kubectl --namespace ${stack.namespace.name} set env `
  await assert.rejects(runFault(['hasher', '--unready', ...namespace]), new RegExp(how))
})
