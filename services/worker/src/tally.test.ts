import assert from 'node:assert/strict'
import { test } from 'node:test'

import { countUnit, emptyTally } from './tally.ts'

const timing = { queueMs: 1, workMs: 2, networkMs: 3, concurrency: 20 }
const unit = (digest: string, servedBy = 'a') => ({
  pauseMs: 10,
  bytes: { ...timing, value: new Uint8Array([1]), servedBy },
  digest: { ...timing, value: digest, servedBy },
})

test('a unit is one hash, and a coin where its digest begins with 0', () => {
  const tally = emptyTally(1000)
  assert.equal(countUnit(tally, unit('1abc'), 1300), false)
  assert.equal(countUnit(tally, unit('0abc'), 1600), true)
  assert.equal(tally.hashes, 2)
  assert.deepEqual(tally.coins, [{ digest: '0abc', bytes: new Uint8Array([1]) }])
  assert.deepEqual([tally.from, tally.to], [1000, 1600])
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
  assert.deepEqual(
    { ...tally.rng, replicas: { ...tally.rng.replicas } },
    { queueMs: 3, workMs: 6, networkMs: 9, concurrency: 20, replicas: { a: 3 } },
  )
})

test('a neighbour that makes up names cannot fill the memory', () => {
  const tally = emptyTally(0)
  countUnit(tally, unit('1', '__proto__'), 1)
  for (let name = 0; name < 5000; name++) countUnit(tally, unit('1', `name-${name}`), 1)
  const replicas = Object.entries(tally.rng.replicas)
  assert.ok(replicas.length <= 1001)
  assert.equal(tally.rng.replicas['__proto__'], 1)
  assert.equal(
    replicas.reduce((sum, [, count]) => sum + count, 0),
    5001,
  )
})
