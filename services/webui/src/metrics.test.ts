import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Registry } from 'prom-client'

import type { Snapshot } from './api.ts'
import { readFixture } from './fixtures/read.ts'
import { createLedgerMetrics } from './metrics.ts'

/** The series in the format of Prometheus, without comments. */
async function seriesOf(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

const { pipeline } = readFixture('replica-stopped')
const snapshot = { hashes: 345, coins: 21, ledgerMs: 2, history: { from: 1, speeds: [null, 3.25] }, pipeline }

test('the metrics are of the newest snapshot, and while the ledger is lost there is only that', async () => {
  const registry = new Registry()
  const measure = createLedgerMetrics(registry)
  assert.deepEqual(await seriesOf(registry), [])
  const expected = [
    'dockercoins_ledger_up 1',
    'dockercoins_ledger_read_seconds 0.002',
    'dockercoins_ledger_hashes_total 345',
    'dockercoins_ledger_coins_total 21',
    'dockercoins_measured_speed_hashes_per_second 3.25',
    'dockercoins_reporting_workers 10',
    'dockercoins_not_responding_replicas{upstream="rng"} 1',
    'dockercoins_not_responding_replicas{upstream="hasher"} 0',
  ]
  measure(snapshot as Snapshot)
  assert.deepEqual(await seriesOf(registry), expected)
  assert.deepEqual(await seriesOf(registry), expected)
  measure({ now: 2, ledgerLostSince: 1 })
  assert.deepEqual(await seriesOf(registry), ['dockercoins_ledger_up 0'])
})

test('a speed that is not known has no series', async () => {
  const registry = new Registry()
  createLedgerMetrics(registry)({ ...snapshot, history: { from: 1, speeds: [null] } } as Snapshot)
  const series = (await seriesOf(registry)).join('\n')
  assert.doesNotMatch(series, /speed/)
  assert.match(series, /workers 10/)
})
