import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { assertNothingLost, untilMore } from '@dockercoins/testing/counting'
import { hashed, totals, unitsDone } from '@dockercoins/testing/figures'
import { readEvents } from '@dockercoins/testing/read-events'
import { hasRedisServer, NO_REDIS } from '@dockercoins/testing/redis-server'
import type { Stack } from '@dockercoins/testing/stack'
import { startStack } from '@dockercoins/testing/start-stack'

// The whole application, from outside: these hold wherever and however it runs.

const skip = hasRedisServer() ? false : NO_REDIS
const fast = { DELAY_MS: '5', INTERVAL_MS: '20', LOOPS: '2' }

function untilHashes({ urls }: Stack, hashes: number) {
  return until(
    'enough hashes in /json',
    () => totals(urls.webui),
    (now) => now.hashes >= hashes,
  )
}

const hasSnapshots = (text: string) => /"loops":[1-9]/.test(text) && text.split('event: snapshot').length > 3

const sum = (speeds: number[]) => speeds.reduce((total, speed) => total + speed, 0)

test('every hash is counted once, and the speed of all seconds adds up to the counter', { skip }, async (t) => {
  const stack = await startStack(t, { env: fast, scale: { worker: 3 } })
  await untilHashes(stack, 200)
  await stack.stop('worker', 'SIGTERM')

  const { hashes } = await totals(stack.urls.webui)
  assert.equal(hashes, unitsDone(await stack.lines('worker')))
  assert.ok((await hashed(stack.urls.hasher)) >= hashes)
  const settled = await until(
    'every second to be settled in /history',
    async () => (await (await fetch(`${stack.urls.webui}/history?seconds=60`)).json()) as { speeds: number[] },
    ({ speeds }) => sum(speeds) >= hashes - 1e-6,
  )
  assert.ok(Math.abs(sum(settled.speeds) - hashes) < 1e-6)
  assert.match(await stack.audit(), /sound/)
})

test('batches of ten are ten hashes each, and every one is counted', { skip }, async (t) => {
  const stack = await startStack(t, { env: { ...fast, BATCH: '10' }, scale: { worker: 2 } })
  await untilHashes(stack, 2000)
  await stack.stop('worker', 'SIGTERM')
  const { hashes } = await totals(stack.urls.webui)
  assert.equal(hashes % 10, 0)
  assert.equal(hashes, unitsDone(await stack.lines('worker')))
  assert.equal(await hashed(stack.urls.hasher), 0)
  assert.ok(10 * (await hashed(stack.urls.hasher, '/batch')) >= hashes)
  assert.match(await stack.audit(), /sound/)
})

test('workers that are killed and started again count nothing twice', { skip }, async (t) => {
  const stack = await startStack(t, { env: fast, scale: { worker: 2 } })
  for (let round = 1; round <= 3; round++) {
    await untilMore(stack, 50)
    await stack.stop('worker', 'SIGKILL')
    await stack.start('worker')
  }
  await stack.stop('worker', 'SIGTERM')
  assert.ok((await totals(stack.urls.webui)).hashes <= (await hashed(stack.urls.hasher)))
  assert.match(await stack.audit(), /sound/)
})

test(
  'a Redis that is killed and started again under load loses nothing and counts nothing twice',
  { skip },
  async (t) => {
    const stack = await startStack(t, { env: fast, scale: { worker: 3 } })
    for (let round = 1; round <= 3; round++) {
      await untilMore(stack, 50)
      await stack.stop('redis', 'SIGKILL')
      await stack.start('redis')
    }
    await assertNothingLost(stack)
  },
)

test('what was counted is still there when everything was stopped and started again', { skip }, async (t) => {
  const stack = await startStack(t, { env: fast })
  await untilHashes(stack, 50)
  const parts = ['worker', 'webui', 'hasher', 'rng', 'redis'] as const
  for (const part of parts) await stack.stop(part, 'SIGTERM')
  const counted = unitsDone(await stack.lines('worker'))
  for (const part of parts.slice(1).toReversed()) await stack.start(part)
  assert.equal((await untilHashes(stack, 0)).hashes, counted)
  await stack.start('worker')
  await untilHashes(stack, counted + 50)
})

test(
  'the page and /json report that the ledger is away, the web UI stays ready, and all recover',
  { skip },
  async (t) => {
    const stack = await startStack(t)
    const { webui } = stack.urls
    const status = (path: string) => fetch(`${webui}${path}`).then((response) => response.status)
    await until(
      '/json to answer 200',
      () => status('/json'),
      (code) => code === 200,
    )
    const losses = async () => (await stack.lines('webui')).filter((line) => line.includes('is lost')).length
    const before = await losses()
    await stack.stop('redis', 'SIGKILL')
    const response = await until(
      '/json to answer 503',
      () => fetch(`${webui}/json`),
      ({ status: code }) => code === 503,
    )
    assert.match(String(response.headers.get('content-type')), /^application\/problem\+json/)
    for (const path of ['/healthz', '/readyz', '/']) assert.equal(await status(path), 200, path)
    await readEvents(`${webui}/events`, (text) => text.includes('event: ledger-lost'))
    await stack.start('redis')
    await until(
      '/json to answer 200',
      () => status('/json'),
      (code) => code === 200,
    )
    assert.equal(await losses(), before + 1)
  },
)

test('every viewer is sent a snapshot each second', { skip }, async (t) => {
  const stack = await startStack(t, { env: fast })

  const text = await readEvents(`${stack.urls.webui}/events`, hasSnapshots)
  const snapshots = [...text.matchAll(/data: (\{.*)\n\n/g)].map(([, data]) => JSON.parse(data ?? '') as { now: number })
  // On a busy machine one may be late, and the next then follows sooner.
  const [first, last] = [snapshots.at(0)!.now, snapshots.at(-1)!.now]
  assert.ok(last - first > snapshots.length - 2, `${snapshots.length} within ${last - first} s`)
})
