import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { startClusterStack } from '@dockercoins/testing/cluster-stack'
import { assertNothingLost, untilMore } from '@dockercoins/testing/counting'
import { totals } from '@dockercoins/testing/figures'

import { errors, secondsLost } from './load.ts'

test('each service is updated under the load of ten workers without an error or a lost hash', async (t) => {
  const stack = await startClusterStack(t, { scale: { worker: 10 } })
  await untilMore(stack, 120)
  for (const service of ['rng', 'hasher', 'worker', 'webui'] as const) {
    const before = await stack.namespace.pods(service)
    const { now } = await totals(stack.urls.webui)
    await stack.upgrade(`${service}.env.MAX_CONNECTIONS=3999`)
    await stack.rolledOut(service)
    const updatedS = (await until('an answer from /json', () => totals(stack.urls.webui))).now - now
    await untilMore(stack, 100)
    const after = await stack.namespace.pods(service)
    assert.ok(!after.some((pod) => before.includes(pod)), `${service} has new pods`)
    const lost = `${(await secondsLost(stack, now)).toFixed(1)} s of speed lost`
    t.diagnostic(`${service}: ${after.length} pods updated in ${updatedS.toFixed(1)} s, ${lost}`)
  }
  assert.deepEqual(await errors(stack), [])
  await assertNothingLost(stack)
})

test('an image that does not exist stops no hash, and is taken back', async (t) => {
  const stack = await startClusterStack(t, { scale: { worker: 4 } })
  const { kubectl } = stack.namespace
  await untilMore(stack)
  await kubectl('set', 'image', 'deployment/worker', 'worker=dockercoins/worker:v0.3')
  await until(
    'a pod that waits for its image',
    () => kubectl('get', 'pods', '--selector', 'app=worker'),
    (pods) => /ImagePull|ErrImage/.test(pods),
  )
  await untilMore(stack)
  assert.match(await kubectl('get', 'deployment', 'worker'), / 4\/4 /)
  await kubectl('rollout', 'undo', 'deployment/worker')
  await stack.rolledOut('worker')
  await untilMore(stack)
  assert.deepEqual(await errors(stack), [])
  await assertNothingLost(stack)
})

test('a setting that is not valid stops the update, and the log of the new pod names it', async (t) => {
  const stack = await startClusterStack(t)
  await untilMore(stack)
  await stack.upgrade('rng.env.DELAY_MS=soon')
  await until(
    'the line that names the setting',
    () => stack.lines('rng'),
    (lines) => lines.includes('DELAY_MS is "soon": expected a whole number from 0 to 3600000 (ms)'),
  )
  await untilMore(stack)
  await assertNothingLost(stack)
})
