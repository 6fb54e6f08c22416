import assert from 'node:assert/strict'
import { test } from 'node:test'

import { audit, describeAudit } from './audit.ts'
import type { Coin, CoinCounts, Ledger, Sums } from './ledger.ts'
import { sampleCoin } from './sample-batch.ts'

test('a ledger whose coins are true and whose batches add up is sound', async () => {
  const found = await audit(ledgerOf([sampleCoin(), sampleCoin()], { hashes: 30, batches: 30 }))
  assert.deepEqual(describeAudit(found), [
    'coins checked: 2, bad: 0',
    'hashes counted: 30',
    'sum of batches: 30',
    'The ledger is sound.',
  ])
})

test('an empty ledger is sound', async () => {
  assert.equal((await audit(ledgerOf([], { hashes: 0, batches: 0 }))).sound, true)
})

test('a coin that is not the digest of its bytes, or does not begin with 0, is named', async () => {
  const { digest } = sampleCoin()
  const coins = [
    { digest, bytes: Uint8Array.of(1, 2, 3) },
    { digest: 'ffff', bytes: new Uint8Array(0) },
    { digest: digest.toUpperCase(), bytes: new Uint8Array(0) },
  ]
  const found = await audit(ledgerOf(coins, { hashes: 30, batches: 30 }))
  assert.equal(found.sound, false)
  assert.equal(found.badCoins, 3)
  const [, wrong, notZero] = describeAudit(found)
  assert.match(wrong ?? '', /^ {2}"0[0-9a-f]{63}" is not the SHA-256 of its 3 bytes, which is 039058c6f2c0cb49/)
  assert.equal(notZero, '  "ffff" does not begin with 0')
})

test('of many bad coins the first few are named and all are counted', async () => {
  const coins = Array.from({ length: 8 }, (_, i) => ({ digest: `${i + 1}`, bytes: new Uint8Array(0) }))
  const lines = describeAudit(await audit(ledgerOf(coins, { hashes: 0, batches: 0 })))
  assert.equal(lines[0], 'coins checked: 8, bad: 8')
  assert.equal(lines[6], '  and 3 more')
})

test('hashes counted outside of batches, and hashes missing, are told apart', async () => {
  const more = await audit(ledgerOf([], { hashes: 35, batches: 30 }))
  assert.equal(more.sound, false)
  assert.match(
    describeAudit(more).join('\n'),
    /^5 hashes were counted outside of batches, for instance by a classic worker$/m,
  )
  const less = await audit(ledgerOf([], { hashes: 28, batches: 30 }))
  assert.equal(less.sound, false)
  assert.match(describeAudit(less).join('\n'), /^2 hashes are missing from the counter$/m)
})

test('coins that were counted and are not in the wallet are missing', async () => {
  const found = await audit(ledgerOf([sampleCoin()], { hashes: 9, batches: 9 }, { kept: 3, unkept: 0 }))
  assert.equal(found.sound, false)
  assert.match(describeAudit(found).join('\n'), /^coins missing: 2 were counted/m)
})

test('coins that found the wallet full are told, and are not missing', async () => {
  const found = await audit(ledgerOf([sampleCoin()], { hashes: 90, batches: 90 }, { kept: 1, unkept: 4 }))
  assert.deepEqual(describeAudit(found).slice(0, 2), [
    'coins checked: 1, bad: 0',
    "coins counted beyond the wallet's bound and not kept: 4",
  ])
  assert.equal(found.sound, true)
})

test('coins that are missing are not hidden by those that were not kept', async () => {
  const found = await audit(ledgerOf([sampleCoin()], { hashes: 90, batches: 90 }, { kept: 3, unkept: 4 }))
  assert.equal(found.sound, false)
  assert.match(describeAudit(found).join('\n'), /^coins missing: 2 were counted/m)
})

/** Just what an audit reads. */
function ledgerOf(
  wallet: Coin[],
  sums: Sums,
  counts: CoinCounts = { kept: wallet.length, unkept: 0 },
): Pick<Ledger, 'coinCounts' | 'coins' | 'sums'> {
  return {
    async *coins() {
      yield* wallet
    },
    sums: async () => sums,
    coinCounts: async () => counts,
  }
}
