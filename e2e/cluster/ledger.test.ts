import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { createNamespace, run } from '@dockercoins/testing/cluster'
import { startClusterStack } from '@dockercoins/testing/cluster-stack'
import { untilMore } from '@dockercoins/testing/counting'
import { totals, unitsDone } from '@dockercoins/testing/figures'

test('an application whose ledger is elsewhere, in a Secret, brings no Redis and counts in that one', async (t) => {
  const owner = await startClusterStack(t, { scale: { worker: 0 }, values: ['networkPolicy.enabled=false'] })
  const guest = await createNamespace(t)
  const url = `redis://redis.${owner.namespace.name}.svc.cluster.local:6379`
  await guest.kubectl('create', 'secret', 'generic', 'ledger', `--from-literal=LEDGER_URL=${url}`)
  const values = ['ledger.existingSecret=ledger', 'ledger.keyPrefix=guest:'].flatMap((value) => ['--set', value])
  await run('helm', 'install', 'dockercoins', 'deploy/chart', '--namespace', guest.name, ...values, '--wait')
  assert.deepEqual(await guest.pods('redis'), [])
  await until(
    'enough hashes in /json',
    () => totals(guest.url('webui')),
    ({ hashes }) => hashes > 20,
  )
  const audited = await run(
    'helm',
    'test',
    'dockercoins',
    '--namespace',
    guest.name,
    '--filter',
    'name=audit',
    '--logs',
  )
  assert.match(audited, /sound/)

  await guest.kubectl('scale', 'deployment/worker', '--replicas=0')
  await guest.kubectl('wait', 'pods', '--selector', 'app=worker', '--for=delete', '--timeout=60s')
  await guest.untilRead('worker')
  assert.equal((await totals(guest.url('webui'))).hashes, unitsDone(guest.lines('worker')))
  assert.equal((await totals(owner.urls.webui)).hashes, 0)
})

test('a Redis without a volume keeps the counts until its pod is deleted', async (t) => {
  const stack = await startClusterStack(t, { values: ['redis.storage.enabled=false'] })
  await untilMore(stack)
  assert.equal(await stack.namespace.kubectl('get', 'pvc', '--output', 'name'), '')
  assert.match(await stack.audit(), /sound/)
})
