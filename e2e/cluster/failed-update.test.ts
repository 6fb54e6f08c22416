import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'

import { removeAfter, run } from '@dockercoins/testing/cluster'
import { runProgram } from '@dockercoins/testing/run-program'

test('an update that does not become ready is undone, and the warnings of Kubernetes are printed', async (t) => {
  const namespace = `dockercoins-${randomUUID().slice(0, 8)}`
  removeAfter(t, namespace)
  const deploy = (TAG: string) => runProgram('deploy/pipeline/deploy', [namespace], { TAG, TIMEOUT: '60s' })
  const { exitCode: good, output: done } = await deploy('v0.1')
  assert.match(done, new RegExp(`^${namespace} runs v0.1 after \\d+ s$`, 'm'))
  assert.equal(good, 0)

  const { exitCode: bad, output: failed } = await deploy('v0.0-missing')
  assert.equal(bad, 1)
  assert.match(failed, /v0\.0-missing/)
  assert.match(failed, /^expected Helm to bring v0\.0-missing to \S+: see above\. What ran before still runs\./m)
  const images = await run('kubectl', 'get', 'deployments', '--namespace', namespace, '--output', 'jsonpath={..image}')
  assert.deepEqual(new Set(images.match(/:\S+/g)), new Set([':v0.1']))

  const { exitCode: verified, output: proof } = await runProgram('deploy/pipeline/verify', [namespace])
  assert.match(proof, /The ledger is sound\./)
  assert.equal(verified, 0)
  const { exitCode: removed } = await runProgram('deploy/pipeline/clean-up', [namespace])
  assert.equal(removed, 0)
  assert.equal(await run('kubectl', 'get', 'namespace', namespace, '--ignore-not-found'), '')
})
