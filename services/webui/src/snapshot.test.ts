import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Ledger, Report } from '@dockercoins/ledger'

import { createCamera, settledSecond } from './snapshot.ts'

test('a second is settled when every worker alive has told what it did in it', () => {
  assert.equal(
    settledSecond(100.5, [
      { to: 98_900, expiresAfterMs: 3500 },
      { to: 99_800, expiresAfterMs: 3500 },
    ]),
    98,
  )
})

test('the second that runs now is never settled', () => {
  assert.equal(settledSecond(100.5, [{ to: 100_400, expiresAfterMs: 3500 }]), 99)
})

test('without a worker alive all but the last second is settled', () => {
  assert.equal(settledSecond(100.5, []), 99)
})

test('a worker that tells once a minute is waited for', () => {
  assert.equal(settledSecond(100.5, [{ to: 40_000, expiresAfterMs: 210_000 }]), 40)
})

test('a worker whose unit takes long holds the graph up for ten seconds at most', () => {
  assert.equal(settledSecond(100.5, [{ to: 20_000, expiresAfterMs: 3500 }]), 90)
})

/** A ledger whose workers report what the test says. */
function createCameraOf(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  let reports: Report[] = []
  const ledger = {
    totals: () => Promise.resolve({ hashes: 0, coins: 0 }),
    reports: () => Promise.resolve(reports),
    speeds: () => Promise.resolve([]),
  }
  const take = createCamera(ledger as unknown as Ledger, 'local')
  return async (at: number, told: Report[]) => {
    t.mock.timers.setTime(at)
    reports = told
    return take()
  }
}

/** A report of a unit that ended at `to` and took nine seconds, six of them in rng's line. */
function slowUnit(to: number): Report {
  const upstream = { workMs: 1000, networkMs: 0, concurrency: 1 }
  const times = { from: to - 9000, to, hashes: 1, hashesPerUnit: 1, expiresAfterMs: 3500, pauseMs: 1000 }
  return {
    worker: 'id',
    hostname: 'worker-1',
    loops: 1,
    latestCoins: [],
    ...times,
    rng: { ...upstream, queueMs: 6000, replicas: { 'rng-1': 1 }, notResponding: [] },
    hasher: { ...upstream, queueMs: 0, replicas: { 'hasher-1': 1 }, notResponding: [] },
  }
}

/** What the same worker reports while the next unit is not done. */
function heartbeat(to: number): Report {
  const none = { queueMs: 0, workMs: 0, networkMs: 0, concurrency: 0, replicas: {}, notResponding: [] }
  return { ...slowUnit(to), from: to, hashes: 0, pauseMs: 0, rng: none, hasher: none }
}

test('while a unit takes its time, the one before tells where time goes, until that is too long ago', async (t) => {
  const takeSnapshot = createCameraOf(t)
  await takeSnapshot(1_000_000, [slowUnit(1_000_000)])
  const during = await takeSnapshot(1_008_000, [heartbeat(1_000_000)])
  assert.equal(during.pipeline.bottleneck, 'rng')
  assert.deepEqual(during.pipeline.rng.replicas, ['rng-1'])
  const stuck = await takeSnapshot(1_030_000, [heartbeat(1_000_000)])
  assert.equal(stuck.pipeline.bottleneck, undefined)
  assert.match(stuck.advice.text, /no unit of work comes to an end/)
})

test('without a worker the advice leaves the replicas that were there', async (t) => {
  const takeSnapshot = createCameraOf(t)
  const report = slowUnit(1_000_000)
  report.rng.replicas = { 'rng-1': 1, 'rng-2': 1 }
  await takeSnapshot(1_000_000, [report])
  const { advice, pipeline } = await takeSnapshot(1_020_000, [])
  assert.deepEqual(pipeline.rng.replicas, [])
  assert.equal(advice.command, 'npm start -- --scale worker=1 --scale rng=2')
})
