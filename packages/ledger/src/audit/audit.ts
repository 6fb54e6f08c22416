import { hash } from 'node:crypto'

import type { Coin, Ledger } from '../ledger.ts'

/** Bad coins that are listed; further ones are only counted. */
const MAX_EXAMPLES = 5

const FOREIGN = "from foreign workers, such as the classic's"
const WHY_MISSING = 'evicted by a Redis with a maxmemory-policy, removed by somebody, or the same coin found twice'
const EMPTY = 'The ledger is empty: if workers have recorded, check the URL and KEY_PREFIX.'

export type Audit = Awaited<ReturnType<typeof audit>>

/**
 * Proves a ledger sound: every coin is the SHA-256 of its bytes and begins with 0, every coin of
 * every entry is in the wallet or was counted as not kept, and the counter holds the hashes of all
 * entries. Hashes and coins of foreign workers, such as the classic's, are reported and are not a
 * fault. The audit may run while workers record: it does not report their new coins as foreign or
 * missing. Memory does not grow with the wallet.
 */
export async function audit(ledger: Pick<Ledger, 'coins' | 'coinCounts' | 'sums'>) {
  // Coins are counted before and after the entries are summed, so an entry recorded in between
  // does not appear as foreign or missing.
  const before = await ledger.coinCounts()
  const { hashes, entries, coins: broughtCoins } = await ledger.sums()
  const wallet = await checkWallet(ledger.coins())
  const { unkept: unkeptCoins } = await ledger.coinCounts()
  const missingCoins = Math.max(broughtCoins - wallet.coins - unkeptCoins, 0)
  const missingHashes = Math.max(entries - hashes, 0)
  return {
    hashes,
    entries,
    ...wallet,
    unkeptCoins,
    missingCoins,
    foreignCoins: Math.max(before.kept + before.unkept - broughtCoins, 0),
    foreignHashes: Math.max(hashes - entries, 0),
    missingHashes,
    sound: wallet.badCoins + missingCoins + missingHashes === 0,
  }
}

/** Counts the coins, and describes what is wrong with the first few bad ones. */
async function checkWallet(wallet: AsyncIterable<Coin>) {
  const checked = { coins: 0, badCoins: 0, examples: Array.of<string>() }
  for await (const coin of wallet) {
    checked.coins++
    const fault = faultOf(coin)
    if (fault === undefined) continue
    checked.badCoins++
    if (checked.examples.length < MAX_EXAMPLES) checked.examples.push(fault)
  }
  return checked
}

function faultOf({ digest, bytes }: Coin): string | undefined {
  const name = JSON.stringify(digest.slice(0, 64))
  if (!digest.startsWith('0')) return `${name} does not begin with 0`
  const actual = hash('sha256', bytes)
  return digest === actual ? undefined : `${name} is not the SHA-256 of its ${bytes.length} bytes, which is ${actual}`
}

/** The audit in a few plain lines, the verdict last. */
export function describeAudit(found: Audit): string[] {
  const { hashes, entries, coins, badCoins, examples, unkeptCoins, missingCoins, foreignCoins } = found
  const { foreignHashes, missingHashes, sound } = found
  const isEmpty = hashes + entries + coins + unkeptCoins + missingCoins === 0
  return [
    `coins checked: ${coins}, bad: ${badCoins}`,
    ...examples.map((example) => `  ${example}`),
    badCoins > examples.length && `  and ${badCoins - examples.length} more`,
    unkeptCoins > 0 && `coins counted, but not kept because the wallet was full: ${unkeptCoins}`,
    foreignCoins > 0 && `coins ${FOREIGN}: ${foreignCoins}`,
    missingCoins > 0 && `coins missing: ${missingCoins} (${WHY_MISSING})`,
    `hashes counted: ${hashes}`,
    `hashes in entries: ${entries}`,
    foreignHashes > 0 && `hashes ${FOREIGN}: ${foreignHashes}`,
    missingHashes > 0 && `hashes missing from the counter: ${missingHashes} (it was set back or removed)`,
    isEmpty && EMPTY,
    sound ? 'The ledger is sound.' : 'The ledger is NOT sound.',
  ].filter((line) => line !== false)
}
