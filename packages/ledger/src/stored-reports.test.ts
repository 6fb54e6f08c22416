import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sampleReport } from '@dockercoins/testing/sample-entry'

import { OTHERS, parseReports } from './stored-reports.ts'

const read = (...reports: object[]) => parseReports(reports.map((report) => JSON.stringify(report)))

test('an absurd number is clamped, and does not hide the worker', () => {
  const { rng } = sampleReport('a')
  const absurd = { ...rng, queueMs: 1e300, workMs: -5, networkMs: null, replicas: { 'rng-1': 1e99, 'rng-2': 'many' } }
  const [report] = read({ ...sampleReport('a'), rng: absurd, loops: 1e20, hashesPerUnit: 0, to: 1e99, delayMs: 'x' })
  assert.deepEqual(report?.rng, {
    ...rng,
    queueMs: 1e12,
    workMs: 0,
    networkMs: 0,
    replicas: { 'rng-1': 1e12, 'rng-2': 0 },
  })
  const { loops, hashesPerUnit, to, delayMs } = report
  assert.deepEqual([loops, hashesPerUnit, to, delayMs], [1e12, 1, 8.64e15, 0])
})

test('a coin that is none does not hide the worker', () => {
  assert.deepEqual(read({ ...sampleReport('a'), latestCoins: [{ digest: 'x', at: 1 }] })[0]?.latestCoins, [])
})

test('a text that is no report hides no other', () => {
  const texts = [null, '', '[]', '{"worker":1}', JSON.stringify(sampleReport('a'))]
  assert.deepEqual(
    parseReports(texts).map(({ worker }) => worker),
    ['a'],
  )
})

test('names are cut to 253 characters', () => {
  const long = 'x'.repeat(8000)
  const upstream = { ...sampleReport('a').rng, replicas: { [long]: 2 }, notResponding: [long] }
  const [report] = read({ ...sampleReport('a'), hostname: long, rng: upstream })
  const cut = 'x'.repeat(253)
  assert.equal(report?.hostname, cut)
  assert.deepEqual([report?.rng.replicas, report?.rng.notResponding], [{ [cut]: 2 }, [cut]])
})

function namedBy(worker: number) {
  return Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`rng-${worker}-${index}`, 1]))
}

test('of all reports together a bounded number of names is kept, and no request is lost', () => {
  const reports = Array.from({ length: 50 }, (_, worker) => ({
    ...sampleReport(`${worker}`),
    rng: { ...sampleReport('a').rng, replicas: namedBy(worker) },
  }))
  const names = read(...reports).flatMap(({ rng }) => Object.entries(rng.replicas))
  assert.ok(names.length <= 10_050, `${names.length} names`)
  const requests = names.reduce((sum, [, count]) => sum + count, 0)
  assert.equal(requests, 50 * 400)
  assert.ok(names.some(([name]) => name === OTHERS))
})

test('a report names at most 100 replicas that do not respond, and all reports a bounded number', () => {
  const notResponding = Object.keys(namedBy(0))
  const reports = Array.from({ length: 50 }, (_, worker) => ({
    ...sampleReport(`${worker}`),
    hasher: { ...sampleReport('a').hasher, notResponding, replicas: namedBy(worker) },
  }))
  const hashers = read(...reports).map(({ hasher }) => hasher)
  assert.equal(hashers[0]?.notResponding.length, 100)
  const names = hashers.reduce(
    (sum, { notResponding: lost, replicas }) => sum + lost.length + Object.keys(replicas).length,
    0,
  )
  assert.ok(names <= 10_050, `${names} names`)
})

test('a worker of an older version that counts no refused requests is not hidden', () => {
  const { refused: _, ...rng } = sampleReport('a').rng
  assert.equal(read({ ...sampleReport('a'), rng })[0]?.rng.refused, 0)
})
