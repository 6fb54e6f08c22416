import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { startComposeStack, STOP_TIMEOUT_S } from '@dockercoins/testing/compose-stack'
import { totals, unitsDone } from '@dockercoins/testing/figures'

test('all services become healthy, and stop with exit code 0 and every hash counted', async (t) => {
  const began = performance.now()
  const stack = await startComposeStack(t)
  await until(
    'four healthy containers',
    () => stack.compose('ps', '--format', '{{.Health}}'),
    (health) => health.match(/^healthy$/gm)?.length === 4,
  )
  const healthyS = (performance.now() - began) / 1000
  await until(
    'a first hash in /json',
    () => totals(stack.urls.webui),
    ({ hashes }) => hashes > 0,
  )
  const stopping = performance.now()
  await stack.compose('stop', '--timeout', STOP_TIMEOUT_S)
  const stoppedS = (performance.now() - stopping) / 1000
  t.diagnostic(`healthy after ${healthyS.toFixed(1)} s, stopped after ${stoppedS.toFixed(1)} s`)

  const codes = await stack.compose('ps', '--all', '--format', '{{.ExitCode}}')
  assert.equal(codes, '0\n0\n0\n0\n0')
  const counted = unitsDone(await stack.lines('worker'))
  await stack.compose('up', '--detach', '--scale=worker=0')
  const { hashes } = await until('an answer from /json', () => totals(stack.urls.webui))
  assert.equal(hashes, counted)
})

test('logs are for people, and JSON where LOG_FORMAT says so', async (t) => {
  const [people, json] = await Promise.all([
    startComposeStack(t, { env: { LOG_FORMAT: 'text' } }),
    startComposeStack(t, { env: { LOG_FORMAT: 'json' } }),
  ])
  assert.match((await people.lines('rng'))[0] ?? '', /^\d\d:\d\d:\d\d listening on /)
  assert.equal((JSON.parse((await json.lines('rng'))[0] ?? '') as { name: string }).name, 'rng')
})
