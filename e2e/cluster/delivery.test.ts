import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { run } from '@dockercoins/testing/cluster'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const DEMO_MS = 900_000

/** Runs a step of the pipeline, and resolves to its exit code and all that it prints. */
async function step(name: string, args: string[], env: Record<string, string> = {}): Promise<[number, string]> {
  // The tests that the pipeline runs are not part of this one.
  const { NODE_TEST_CONTEXT: _context, STACK: _stack, ...inherited } = process.env
  const options = { cwd: repository, env: { ...inherited, ...env }, maxBuffer: 64 * 1024 * 1024 }
  return promisify(execFile)(name, args, options).then(
    ({ stdout, stderr }) => [0, stdout + stderr],
    ({ code, stdout, stderr }) => [code, stdout + stderr],
  )
}

function removeAfter(t: TestContext, ...namespaces: string[]): void {
  t.after(() => run('kubectl', 'delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait=false'))
}

test('an update that does not become ready is undone, and the warnings of Kubernetes are printed', async (t) => {
  const namespace = `dockercoins-${randomUUID().slice(0, 8)}`
  removeAfter(t, namespace)
  const deploy = (TAG: string) => step('deploy/pipeline/deploy', [namespace], { TAG, TIMEOUT: '60s' })
  const [good, done] = await deploy('v0.1')
  assert.match(done, new RegExp(`^${namespace} runs v0.1 after \\d+ s$`, 'm'))
  assert.equal(good, 0)

  const [bad, failed] = await deploy('v0.0-missing')
  assert.equal(bad, 1)
  assert.match(failed, /v0\.0-missing/)
  assert.match(failed, /^expected Helm to bring v0\.0-missing to \S+: see above\. What ran before still runs\./m)
  const images = await run('kubectl', 'get', 'deployments', '--namespace', namespace, '--output', 'jsonpath={..image}')
  assert.deepEqual(new Set(images.match(/:\S+/g)), new Set([':v0.1']))

  const [verified, proof] = await step('deploy/pipeline/verify', [namespace])
  assert.match(proof, /The ledger is sound\./)
  assert.equal(verified, 0)
  const [removed] = await step('deploy/pipeline/clean-up', [namespace])
  assert.equal(removed, 0)
  assert.equal(await run('kubectl', 'get', 'namespace', namespace, '--ignore-not-found'), '')
})

test('a slower worker passes every test, and the pipeline rolls it back', { timeout: DEMO_MS }, async (t) => {
  const namespaces = ['coins-staging', 'coins-production']
  assert.equal(await run('kubectl', 'get', 'namespaces', ...namespaces, '--ignore-not-found'), '')
  removeAfter(t, ...namespaces)
  const [exitCode, output] = await step('npm', ['run', 'demo:delivery'])
  for (const line of output.match(/^.*(From |The speed ).*$/gm) ?? []) t.diagnostic(line)
  const jobs = Array.from(output.matchAll(/^ (PASS|FAIL) +(\w+) *$/gm), ([, verdict, job]) => `${verdict} ${job}`)
  const passed = ['lint', 'check', 'test', 'images', 'staging', 'production'].map((job) => `PASS ${job}`)
  assert.deepEqual(jobs, [...passed, 'FAIL watch'], output.split('\n').slice(-60).join('\n'))
  assert.match(output, /^From the verdict to the old worker: \d+ s$/m)
  assert.equal(exitCode, 0)
})
