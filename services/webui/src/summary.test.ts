import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sampleReport } from '@dockercoins/testing/sample-entry'
import * as fc from 'fast-check'

import { addUp, summarize } from './summary.ts'

test('a report is summarized over its replicas and the time that it covers', () => {
  const report = sampleReport('w', { hashes: 20, hashesPerUnit: 2, from: 1000, to: 3000 })
  const { workers, entriesPerSecond, worker, rng, hasher } = summarize(report)
  assert.deepEqual([worker.requests, workers, entriesPerSecond], [10, [{ name: 'worker-1', served: 10 }], 0.5])
  const times = { queueMs: 629.1, workMs: 100.2, networkMs: 1.5 }
  const replicas = new Map(Object.entries({ 'rng-1': 6, 'rng-2': 4 }))
  const others = { concurrency: 1, replicas, notResponding: new Set(), fault: undefined }
  assert.deepEqual(rng, { requests: 10, perSecond: 5, refusedPerSecond: 1.5, ...times, ...others })
  assert.deepEqual([worker.perSecond, worker.workMs, hasher.perSecond], [5, 100, 0])
})

test('a report that covers no time has no speed', () => {
  const { workers, rng } = summarize(sampleReport('w', { from: 1000, to: 1000 }))
  assert.deepEqual([workers, rng.perSecond], [[{ name: 'worker-1', served: 0 }], 0])
})

test('the requests of replicas whose names are not kept count, and show under no name', () => {
  const { rng } = sampleReport('w')
  const summary = summarize(sampleReport('w', { rng: { ...rng, replicas: { 'rng-1': 2, others: 5 } } }))
  assert.deepEqual([summary.rng.requests, [...summary.rng.replicas]], [7, [['rng-1', 2]]])
})

test('parts add up to what all reports add up to, however they are divided', () => {
  const count = fc.nat(1000)
  const upstream = fc.record({
    queueMs: count,
    workMs: count,
    networkMs: count,
    concurrency: fc.nat(3),
    refused: count,
    replicas: fc.dictionary(fc.constantFrom('r-1', 'r-2', 'r-3'), count),
    notResponding: fc.array(fc.constantFrom('r-4', 'r-5')),
    fault: fc.constantFrom(undefined, 'errors 10 %', 'delay'),
  })
  const report = fc
    .record({
      revision: fc.constantFrom('r1', 'r2'),
      hashes: count,
      delayMs: fc.nat(1),
      rng: upstream,
      hasher: upstream,
    })
    .map((given) => sampleReport('w', { from: 0, to: 1000, ...given }))
  fc.assert(
    fc.property(fc.array(fc.array(report)), (parts) => {
      const inParts = addUp(parts.map((reports) => addUp(reports.map(summarize))))
      assert.deepEqual(inParts, addUp(parts.flat().map(summarize)))
    }),
  )
})
