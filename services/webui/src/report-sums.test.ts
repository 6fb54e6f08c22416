import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sampleReport } from '@dockercoins/testing/sample-entry'

import { sumsOf } from './report-sums.ts'

test('a report is added up over its replicas and the time that it covers', () => {
  const report = sampleReport('w', { hashes: 20, hashesPerUnit: 2, from: 1000, to: 3000 })
  const { units, hashesPerSecond, worker, rng, hasher } = sumsOf(report)
  assert.deepEqual([units, hashesPerSecond], [10, 10])
  const times = { queueMs: 629.1, workMs: 100.2, networkMs: 1.5 }
  assert.deepEqual(rng, { requests: 10, perSecond: 5, refusedPerSecond: 1.5, ...times })
  assert.deepEqual([worker.perSecond, worker.workMs, hasher.perSecond], [5, 100, 0])
})

test('a report is added up once', () => {
  const report = sampleReport('w')
  assert.equal(sumsOf(report), sumsOf(report))
  assert.notEqual(sumsOf({ ...report }), sumsOf(report))
})

test('a report that covers no time has no speed', () => {
  const report = sampleReport('w', { from: 1000, to: 1000 })
  assert.deepEqual([sumsOf(report).hashesPerSecond, sumsOf(report).rng.perSecond], [0, 0])
})
