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

test('watch-speed lets a good update of the workers pass, and finds one that makes them slower', async (t) => {
  const stack = await startClusterStack(t, { scale: { worker: 5 } })
  const { kubectl, name } = stack.namespace
  const second = async () => Math.floor((await totals(stack.urls.webui)).now)
  async function watch(updatedAt: number): Promise<[exitCode: number, line: string]> {
    const options = ['--url', stack.urls.webui, '--updated-at', `${updatedAt}`, '--before', '30s', '--namespace', name]
    const child = spawn(process.execPath, [program, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    t.diagnostic(line.trim())
    return [exitCode, line]
  }
  await untilMore(stack, 400)

  const good = await second()
  await kubectl('rollout', 'restart', 'deployment/worker')
  await stack.rolledOut('worker')
  const [passed, held] = await watch(good)
  assert.match(held, /^The speed held: .* 0 restarts. 0 errors in the logs. The ledger is sound./)
  assert.equal(passed, 0)

  const bad = await second()
  await kubectl('set', 'image', 'deployment/worker', 'worker=dockercoins/worker:v0.2')
  await stack.rolledOut('worker')
  const [failed, fell] = await watch(bad)
  assert.match(fell, /^The speed fell: .*Take the update back/)
  assert.equal(failed, 1)
  await kubectl('rollout', 'undo', 'deployment/worker')
  await stack.rolledOut('worker')
  await assertNothingLost(stack)
})
