import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'

import { sampleReport } from '@dockercoins/testing/sample-entry'
import * as fc from 'fast-check'

import { countUnit, emptyTally, toReport } from './tally.ts'

const timing = { queueMs: 1, workMs: 2, networkMs: 3, concurrency: 20 }
const unit = (digest: string, servedBy = 'a') => ({
  pauseMs: 10,
  bytes: { ...timing, value: new Uint8Array(32).fill(1), servedBy },
  digests: { ...timing, value: Buffer.from(digest), servedBy },
})

test('a unit is one hash, and a coin where its digest begins with 0', () => {
  const tally = emptyTally(1000)
  const coin = { digest: `0${'a'.repeat(63)}`, bytes: new Uint8Array(32).fill(1) }
  assert.deepEqual(countUnit(tally, unit('1abc'), 1300), [])
  assert.deepEqual(countUnit(tally, unit(coin.digest), 1600), [coin])
  assert.equal(tally.hashes, 2)
  assert.deepEqual(tally.coins, [coin])
  assert.deepEqual([tally.from, tally.to], [1000, 1600])
})

test('a batch counts a hash for each 32 bytes, and every coin among them with its own bytes', () => {
  const property = fc.property(fc.integer({ min: 2, max: 1000 }), (hashes) => {
    const bytes = randomBytes(32 * hashes)
    const pieces = Array.from({ length: hashes }, (_, index) => bytes.subarray(32 * index, 32 * (index + 1)))
    const digests = pieces.map((piece) => createHash('sha256').update(piece).digest('hex'))
    const tally = emptyTally(0)
    const answers = { bytes: { ...timing, value: bytes, servedBy: 'a' }, servedBy: 'a' }
    const lines = digests.map((digest) => `${digest}\n`).join('')
    const coins = countUnit(
      tally,
      { pauseMs: 0, ...answers, digests: { ...timing, value: Buffer.from(lines), servedBy: 'a' } },
      1,
    )
    assert.equal(tally.hashes, hashes)
    assert.equal(tally.rng.replicas.get('a'), 1)
    const expected = pieces.map((piece, index) => ({ digest: digests[index]!, bytes: Uint8Array.from(piece) }))
    assert.deepEqual(
      coins,
      expected.filter(({ digest }) => digest.startsWith('0')),
    )
    assert.deepEqual(tally.coins, coins)
  })
  fc.assert(property, { numRuns: 30 })
})

test('a clock that is set back does not turn time around', () => {
  const tally = emptyTally(1000)
  countUnit(tally, unit('1'), 500)
  assert.deepEqual([tally.from, tally.to], [1000, 1000])
})

test('the time of a unit is added up by where it went', () => {
  const tally = emptyTally(0)
  for (let done = 0; done < 3; done++) countUnit(tally, unit('1'), 1)
  assert.equal(tally.pauseMs, 30)
  const replicas = new Map([['a', 3]])
  assert.deepEqual(tally.rng, { queueMs: 3, workMs: 6, networkMs: 9, concurrency: 20, replicas })
})

test('a neighbour that makes up names cannot fill the memory', () => {
  const tally = emptyTally(0)
  countUnit(tally, unit('1', '__proto__'), 1)
  for (let name = 0; name < 5000; name++) countUnit(tally, unit('1', `name-${name}`), 1)
  const { rng } = toReport(tally, { rng: [], hasher: [] }, sampleReport('worker'))
  const replicas = Object.entries(rng.replicas)
  assert.ok(replicas.length <= 201)
  assert.equal(Object.getOwnPropertyDescriptor(rng.replicas, '__proto__')?.value, 1)
  assert.equal(
    replicas.reduce((sum, [, count]) => sum + count, 0),
    5001,
  )
})
