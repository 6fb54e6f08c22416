import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { spread } from './spread.ts'

const sum = (entry: Parameters<typeof spread>[0]) => spread(entry).reduce((total, share) => total + share.millionths, 0)

test('an entry of a second and a half gives each second its part', () => {
  assert.deepEqual(spread({ hashes: 3, from: 10_500, to: 12_000 }), [
    { second: 10, millionths: 1_000_000 },
    { second: 11, millionths: 2_000_000 },
  ])
})

test('a third of a hash is rounded, and the next share makes up for it', () => {
  assert.deepEqual(
    spread({ hashes: 1, from: 0, to: 3000 }).map(({ millionths }) => millionths),
    [333_333, 333_334, 333_333],
  )
})

test('no hashes give no shares', () => {
  assert.deepEqual(spread({ hashes: 0, from: 0, to: 5000 }), [])
})

test('an entry that takes no time, or ends before it began, counts in the second of its end', () => {
  assert.deepEqual(spread({ hashes: 2, from: 7300, to: 7300 }), [{ second: 7, millionths: 2_000_000 }])
  assert.deepEqual(spread({ hashes: 2, from: 99_000, to: 7300 }), [{ second: 7, millionths: 2_000_000 }])
})

test('of an entry longer than an hour, what is older counts where it began', () => {
  const shares = spread({ hashes: 100_000, from: 0, to: 100_000_000 })
  assert.equal(shares.length, 3601)
  assert.deepEqual(shares[0], { second: 0, millionths: 96_400 * 1e6 })
  assert.deepEqual(shares[1], { second: 96_400, millionths: 1e6 })
})

test('the shares of any entry are positive integers, add up to exactly its hashes and stay within its seconds', () => {
  const moment = fc.integer({ min: 0, max: 2_000_000_000_000 })
  const span = fc.oneof(fc.integer({ min: -10_000, max: 10_000 }), fc.integer({ min: 0, max: 20_000_000 }))
  const property = fc.property(fc.nat({ max: 9_000_000_000 }), moment, span, (hashes, from, tookMs) => {
    const to = from + tookMs
    const shares = spread({ hashes, from, to })
    assert.equal(sum({ hashes, from, to }), hashes * 1e6)
    assert.ok(shares.length <= 3602)
    const first = Math.floor(Math.min(from, to) / 1000)
    for (const { second, millionths } of shares) {
      assert.ok(Number.isSafeInteger(millionths) && millionths > 0)
      assert.ok(second >= first && second <= Math.floor(to / 1000))
    }
    assert.equal(new Set(shares.map(({ second }) => second)).size, shares.length)
  })
  fc.assert(property, { numRuns: 300 })
})

test('within an entry the speed is the same in every whole second, to a millionth', () => {
  const whole = fc.integer({ min: 1, max: 3000 })
  const property = fc.property(fc.nat({ max: 1_000_000 }), whole, (hashes, seconds) => {
    for (const { millionths } of spread({ hashes, from: 0, to: seconds * 1000 })) {
      assert.ok(Math.abs(millionths - (hashes * 1e6) / seconds) <= 1)
    }
  })
  fc.assert(property, { numRuns: 50 })
})
