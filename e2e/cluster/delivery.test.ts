import assert from 'node:assert/strict'
import { test } from 'node:test'

import { removeAfter, run } from '@dockercoins/testing/cluster'
import { runProgram } from '@dockercoins/testing/run-program'

const DEMO_MS = 900_000

test('a slower worker passes every test, and the pipeline rolls it back', { timeout: DEMO_MS }, async (t) => {
  const namespaces = ['coins-staging', 'coins-production']
  assert.equal(await run('kubectl', 'get', 'namespaces', ...namespaces, '--ignore-not-found'), '')
  removeAfter(t, ...namespaces)
  const { exitCode, output } = await runProgram('npm', ['run', 'demo:delivery'])
  for (const line of output.match(/^.*(From |The speed ).*$/gm) ?? []) t.diagnostic(line)
  const jobs = Array.from(output.matchAll(/^ (PASS|FAIL) +(\w+) *$/gm), ([, verdict, job]) => `${verdict} ${job}`)
  const passed = ['lint', 'check', 'test', 'images', 'staging', 'production'].map((job) => `PASS ${job}`)
  assert.deepEqual(jobs, [...passed, 'FAIL watch'], output.split('\n').slice(-60).join('\n'))
  assert.match(output, /^From the verdict to the old worker: \d+ s$/m)
  assert.equal(exitCode, 0)
})
