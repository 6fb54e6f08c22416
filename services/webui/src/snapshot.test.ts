import assert from 'node:assert/strict'
import { test } from 'node:test'

import { settledSecond } from './snapshot.ts'

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
