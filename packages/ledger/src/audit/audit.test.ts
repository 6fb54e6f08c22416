import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sampleCoin } from '@dockercoins/testing/sample-entry'

import type { Coin, CoinCounts, Ledger, Sums } from '../ledger.ts'
import { audit, describeAudit } from './audit.ts'

test('a ledger whose coins are true and whose entries add up is sound', async () => {
  const found = await audit(ledgerOf([sampleCoin(), sampleCoin()], { hashes: 30, entries: 30, coins: 2 }))
  assert.deepEqual(describeAudit(found), [
    'coins checked: 2, bad: 0',
    'hashes counted: 30',
    'hashes in entries: 30',
    'The ledger is sound.',
  ])
})

test('an empty ledger is sound, and a line names what to check', async () => {
  const found = await audit(ledgerOf([], { hashes: 0, entries: 0, coins: 0 }))
  assert.equal(found.sound, true)
  assert.deepEqual(describeAudit(found).slice(-2), [
    'The ledger is empty: if workers have recorded, check the URL and KEY_PREFIX.',
    'The ledger is sound.',
  ])
})

test('a coin that is not the digest of its bytes, or does not begin with 0, is named', async () => {
  const { digest } = sampleCoin()
  const coins = [
    { digest, bytes: Uint8Array.of(1, 2, 3) },
    { digest: 'ffff', bytes: new Uint8Array(0) },
    { digest: digest.toUpperCase(), bytes: new Uint8Array(0) },
  ]
  const found = await audit(ledgerOf(coins, { hashes: 30, entries: 30, coins: 0 }))
  assert.equal(found.sound, false)
  assert.equal(found.badCoins, 3)
  const [, wrong, notZero] = describeAudit(found)
  assert.match(wrong ?? '', /^ {2}"0[0-9a-f]{63}" is not the SHA-256 of its 3 bytes, which is 039058c6f2c0cb49/)
  assert.equal(notZero, '  "ffff" does not begin with 0')
})

test('of many bad coins the first few are named and all are counted', async () => {
  const coins = Array.from({ length: 8 }, (_, i) => ({ digest: `${i + 1}`, bytes: new Uint8Array(0) }))
  const lines = describeAudit(await audit(ledgerOf(coins, { hashes: 0, entries: 0, coins: 0 })))
  assert.equal(lines[0], 'coins checked: 8, bad: 8')
  assert.equal(lines[6], '  and 3 more')
})

test('what foreign workers counted is reported, and is no fault', async () => {
  const wallet = [sampleCoin(), sampleCoin(), sampleCoin()]
  const found = await audit(ledgerOf(wallet, { hashes: 35, entries: 30, coins: 1 }))
  assert.deepEqual(describeAudit(found), [
    'coins checked: 3, bad: 0',
    "coins from foreign workers, such as the classic's: 2",
    'hashes counted: 35',
    'hashes in entries: 30',
    "hashes from foreign workers, such as the classic's: 5",
    'The ledger is sound.',
  ])
})

test('hashes of entries that the counter does not hold are missing', async () => {
  const found = await audit(ledgerOf([], { hashes: 28, entries: 30, coins: 0 }))
  assert.equal(found.sound, false)
  assert.match(describeAudit(found).join('\n'), /^hashes missing from the counter: 2 /m)
})

test('coins of entries that are not in the wallet are missing, with the likely reasons in one line', async () => {
  const found = await audit(ledgerOf([sampleCoin()], { hashes: 9, entries: 9, coins: 3 }))
  assert.equal(found.sound, false)
  assert.match(describeAudit(found).join('\n'), /^coins missing: 2 \(evicted by [^\n]*removed[^\n]*\)$/m)
})

test('coins that found the wallet full are reported, and are not missing', async () => {
  const found = await audit(ledgerOf([sampleCoin()], { hashes: 90, entries: 90, coins: 5 }, { kept: 1, unkept: 4 }))
  assert.deepEqual(describeAudit(found).slice(0, 2), [
    'coins checked: 1, bad: 0',
    'coins counted, but not kept because the wallet was full: 4',
  ])
  assert.equal(found.sound, true)
})

test('coins that are missing are not hidden by those that were not kept', async () => {
  const found = await audit(ledgerOf([sampleCoin()], { hashes: 90, entries: 90, coins: 7 }, { kept: 1, unkept: 4 }))
  assert.equal(found.sound, false)
  assert.match(describeAudit(found).join('\n'), /^coins missing: 2 /m)
})

test('coins that entries bring while the audit runs are neither foreign nor missing', async () => {
  const wallet = [sampleCoin()]
  const ledger = ledgerOf(wallet, { hashes: 10, entries: 10, coins: 1 }, { kept: 0, unkept: 0 })
  const found = await audit({
    ...ledger,
    async sums() {
      const sums = await ledger.sums()
      wallet.push(sampleCoin())
      return sums
    },
  })
  assert.deepEqual([found.coins, found.foreignCoins, found.missingCoins, found.sound], [2, 0, 0, true])
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
