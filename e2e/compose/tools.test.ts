import assert from 'node:assert/strict'
import { test } from 'node:test'

import { docker, startComposeStack } from '@dockercoins/testing/compose-stack'

test('httping, ab and curl measure the services from within, and the audit finds a sound ledger', async (t) => {
  const stack = await startComposeStack(t)
  await stack.compose('build', 'probe')
  const probe = (...command: string[]) => stack.compose('run', '--rm', '-T', 'probe', ...command)

  for (const service of ['rng', 'hasher', 'webui'])
    assert.match(await probe('httping', '-c', '3', service), /3 connects, 3 ok/, service)
  const load = await probe('ab', '-q', '-n', '10', 'http://rng/32')
  assert.match(load, /^Complete requests: +10$/m)
  assert.match(load, /^Failed requests: +0$/m)
  const { hashes } = JSON.parse(await probe('curl', '--silent', '--fail', 'http://webui/json')) as { hashes: number }
  assert.ok(hashes > 0)
  assert.match(await stack.compose('run', '--rm', '-T', 'audit'), /^The ledger is sound\.$/m)

  const restrictions = 'id -u; grep CapEff /proc/self/status; touch /tmp/file || echo read-only'
  assert.match(await probe('sh', '-c', restrictions), /^65532\nCapEff:\s0+\nread-only$/)
  await assert.rejects(probe('curl', '--silent', '--show-error', 'http://redis:6379'), /Could not resolve host: redis/)
  assert.equal((await stack.containers('redis')).length, 1)
})

test('the tools are neither built nor started unless they are asked for', async () => {
  assert.deepEqual(await services(), ['hasher', 'redis', 'rng', 'webui', 'worker'])
  assert.deepEqual(await services('--profile', 'tools'), [
    'audit',
    'hasher',
    'probe',
    'redis',
    'rng',
    'webui',
    'worker',
  ])
})

/** The services of compose.yaml with these options of Compose. */
async function services(...options: string[]): Promise<string[]> {
  return (await docker('compose', ...options, 'config', '--services')).split('\n').toSorted()
}
