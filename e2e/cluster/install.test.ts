import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { createNamespace, run } from '@dockercoins/testing/cluster'
import { startClusterStack } from '@dockercoins/testing/cluster-stack'
import { untilMore } from '@dockercoins/testing/counting'
import { totals, unitsDone } from '@dockercoins/testing/figures'

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`
const workloads = ['statefulset/redis', 'deployment/rng', 'deployment/hasher', 'deployment/worker', 'deployment/webui']

test('kubectl apply of one folder is the whole installation, and delete leaves nothing uncounted', async (t) => {
  const namespace = await createNamespace(t)
  const { kubectl, url } = namespace
  const began = performance.now()
  await kubectl('apply', '--filename', 'deploy/kubernetes/')
  const firstHash = until(
    'a first hash',
    () => totals(url('webui')),
    ({ hashes }) => hashes > 0,
  ).then(() => seconds(began))
  for (const workload of workloads) await kubectl('rollout', 'status', workload, '--timeout=120s')
  t.diagnostic(`all ready after ${seconds(began)}, first hash after ${await firstHash}`)

  const versions = "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.generation}{'\\n'}{end}"
  const before = await kubectl('get', '--filename', 'deploy/kubernetes/', '--output', versions)
  for (const source of [
    ['--filename', 'deploy/kubernetes/'],
    ['--kustomize', 'deploy/kubernetes/'],
    ['--filename', 'deploy/dockercoins.yaml'],
  ]) {
    assert.doesNotMatch(await kubectl('apply', ...source), /created/)
    assert.equal(await kubectl('get', '--filename', 'deploy/kubernetes/', '--output', versions), before)
  }

  await kubectl('scale', 'deployment/worker', '--replicas=5')
  await kubectl('rollout', 'status', 'deployment/worker', '--timeout=120s')
  const deleting = performance.now()
  await kubectl('delete', '--filename', 'deploy/kubernetes/', '--wait=false')
  await until(
    'every pod to be gone',
    () => kubectl('get', 'pods', '--output', 'name'),
    (pods) => pods === '',
  )
  t.diagnostic(`every pod was gone ${seconds(deleting)} after the delete`)
  await namespace.untilRead('worker')
  await kubectl('apply', '--filename', 'deploy/kubernetes/redis.yaml', '--filename', 'deploy/kubernetes/webui.yaml')
  const { hashes } = await until('an answer from /json', () => totals(url('webui')))
  assert.equal(hashes, unitsDone(namespace.lines('worker')))
})

test('helm test finds that hashes grow and that the ledger is sound, and helm uninstall keeps the counts', async (t) => {
  const stack = await startClusterStack(t)
  const inNamespace = ['--namespace', stack.namespace.name]
  await untilMore(stack)
  const tested = await run('helm', 'test', 'dockercoins', ...inNamespace, '--logs')
  assert.match(tested, /hashes in \d+ s/)
  assert.match(tested, /sound/)
  await stack.stop('worker', 'SIGTERM')
  const { hashes } = await totals(stack.urls.webui)
  await run('helm', 'uninstall', 'dockercoins', ...inNamespace, '--wait')
  await run('helm', 'install', 'dockercoins', 'deploy/chart', ...inNamespace, '--set', 'worker.replicas=0', '--wait')
  const after = await until('an answer from /json', () => totals(stack.urls.webui))
  assert.equal(after.hashes, hashes)
})
