import assert from 'node:assert/strict'
import { test } from 'node:test'

import { docker, startComposeStack, type ComposeStack } from '@dockercoins/testing/compose-stack'
import { fields, speedFrom, totals, unitsDone } from '@dockercoins/testing/figures'

async function scale(stack: ComposeStack, rng: number): Promise<number> {
  await stack.compose('up', '--detach', '--no-recreate', '--scale=worker=10', '--scale=hasher=2', `--scale=rng=${rng}`)
  return Math.ceil((await totals(stack.urls.webui)).now)
}

test('three replicas of rng share the requests of ten workers, which do not restart', async (t) => {
  const stack = await startComposeStack(t, { scale: { worker: 10, rng: 3, hasher: 2 } })
  const workers = () =>
    stack.containers('worker').then((ids) => docker('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', ...ids))
  const servedByRng = async () =>
    Promise.all((await stack.containers('rng')).map((container) => served(container, 'GET /32 200')))
  const alone = await scale(stack, 1)
  const before = await workers()
  const one = await speedFrom(stack.urls.webui, alone + 5)
  assert.ok(one < 10.5, `expected 10 hashes per second, got ${one.toFixed(2)}`)

  const helped = await scale(stack, 3)
  await speedFrom(stack.urls.webui, helped + 5)
  const earlier = await servedByRng()
  const three = await speedFrom(stack.urls.webui, helped + 10)
  const shared = (await servedByRng()).map((requests, index) => requests - earlier[index]!)
  // A busy machine is slower than the 28 hashes per second of a quiet one, but the shares are even.
  assert.ok(three > 1.5 * one, `expected more than 1.5 × ${one.toFixed(2)}, got ${three.toFixed(2)}`)
  const all = shared.reduce((sum, requests) => sum + requests, 0)
  assert.ok(
    shared.every((requests) => requests > all / 5),
    `expected a third of the requests each, got ${shared.join(', ')}`,
  )

  const aloneAgain = await scale(stack, 1)
  const last = await speedFrom(stack.urls.webui, aloneAgain + 5)
  assert.ok(last < 10.5, `expected 10 hashes per second, got ${last.toFixed(2)}`)
  assert.equal(await workers(), before)

  await stack.stop('worker', 'SIGTERM')
  const lines = await stack.lines('worker')
  assert.equal((await totals(stack.urls.webui)).hashes, unitsDone(lines))
  assert.deepEqual(
    lines.filter((line) => Number(fields(line)['level']) > 40),
    [],
  )
  const hashers = await stack.containers('hasher')
  const shares = await Promise.all(hashers.map((container) => served(container, 'POST / 200')))
  const even = shares.reduce((sum, share) => sum + share, 0) / shares.length
  assert.ok(
    shares.every((share) => Math.abs(share / even - 1) < 0.15),
    `expected even shares, got ${shares.join(', ')}`,
  )
  t.diagnostic(
    `${one.toFixed(2)}, ${three.toFixed(2)}, ${last.toFixed(2)} hashes per second; hasher ${shares.join(', ')}`,
  )
})

/** How many lines of the access log a container has for `request`. */
async function served(container: string, request: string): Promise<number> {
  return (await docker('logs', container)).split('\n').filter((line) => line.includes(request)).length
}
