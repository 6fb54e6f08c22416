import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Coin } from '@dockercoins/ledger'
import { sampleCoin, sampleReport } from '@dockercoins/testing/sample-entry'

import { countUnit, emptyTally, toReport } from './tally.ts'

const timing = { queueMs: 1, workMs: 2, networkMs: 3, concurrency: 20, refused: 2 }
const unit = (coins: Coin[] = [], servedBy = 'a') => ({
  hashes: 1,
  pauseMs: 10,
  rng: { ...timing, value: new Uint8Array(32), servedBy },
  hasher: { ...timing, value: coins, servedBy },
})

test('a tally counts the hashes and coins of its units', () => {
  const tally = emptyTally(1000)
  const coin = sampleCoin()
  countUnit(tally, unit(), 1300)
  countUnit(tally, { ...unit([coin]), hashes: 3 }, 1600)
  assert.equal(tally.hashes, 4)
  assert.deepEqual(tally.coins, [coin])
  assert.deepEqual([tally.from, tally.to], [1000, 1600])
})

test('a clock that is set back does not turn time around', () => {
  const tally = emptyTally(1000)
  countUnit(tally, unit(), 500)
  assert.deepEqual([tally.from, tally.to], [1000, 1000])
})

test('the time of a unit is added up by where it went', () => {
  const tally = emptyTally(0)
  for (let done = 0; done < 3; done++) countUnit(tally, unit(), 1)
  assert.equal(tally.pauseMs, 30)
  const replicas = new Map([['a', 3]])
  assert.deepEqual(tally.rng, { queueMs: 3, workMs: 6, networkMs: 9, concurrency: 20, refused: 6, replicas })
})

test('an upstream that invents names cannot fill the memory', () => {
  const tally = emptyTally(0)
  countUnit(tally, unit([], '__proto__'), 1)
  for (let name = 0; name < 5000; name++) countUnit(tally, unit([], `name-${name}`), 1)
  const { rng } = toReport(tally, { rng: { notResponding: [] }, hasher: { notResponding: [] } }, sampleReport('worker'))
  const replicas = Object.entries(rng.replicas)
  assert.ok(replicas.length <= 201)
  assert.equal(Object.getOwnPropertyDescriptor(rng.replicas, '__proto__')?.value, 1)
  assert.equal(
    replicas.reduce((sum, [, count]) => sum + count, 0),
    5001,
  )
})
