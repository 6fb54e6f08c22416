import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { startClusterStack } from '@dockercoins/testing/cluster-stack'
import { totals } from '@dockercoins/testing/figures'

import { assertNothingLost, untilMore } from './load.ts'

const program = fileURLToPath(new URL('../../deploy/watch-speed/main.ts', import.meta.url))

test('watch-speed lets a good update of the workers pass', async (t) => {
  const stack = await startClusterStack(t, { scale: { worker: 5 } })
  const { kubectl, name } = stack.namespace
  await untilMore(stack, 400)

  const updatedAt = Math.floor((await totals(stack.urls.webui)).now)
  await kubectl('rollout', 'restart', 'deployment/worker')
  await stack.rolledOut('worker')
  const options = ['--url', stack.urls.webui, '--updated-at', `${updatedAt}`, '--before', '30s', '--namespace', name]
  const child = spawn(process.execPath, [program, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  t.diagnostic(line.trim())
  assert.match(line, /^The speed held: .* 0 restarts. 0 errors in the logs. The ledger is sound./)
  assert.equal(exitCode, 0)
  await assertNothingLost(stack)
})
