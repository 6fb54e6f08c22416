import { hash } from 'node:crypto'

import type { Coin, Ledger, Sums } from '../ledger.ts'

/** Bad coins that are listed; further ones are only counted. */
const MAX_EXAMPLES = 5

const WHY_MISSING = 'evicted by a Redis with a maxmemory-policy, removed by somebody, or the same coin found twice'

const EMPTY = 'The ledger is empty: if workers have recorded, check the URL and KEY_PREFIX.'

export interface Audit extends Omit<Sums, 'coins'> {
  /** Coins in the wallet that were checked. */
  coins: number
  badCoins: number
  /** What is wrong with the first few bad coins. */
  examples: string[]
  /** Coins that were counted while the wallet was full. */
  unkeptCoins: number
  /** Coins that entries brought, and that are neither in the wallet nor counted as not kept. */
  missingCoins: number
  /** Coins in the wallet that no entry brought. */
  foreignCoins: number
  /** Hashes in the counter that are in no entry. */
  foreignHashes: number
  /** Hashes of entries that are not in the counter. */
  missingHashes: number
  sound: boolean
}

/**
 * Proves a ledger sound: every coin is the SHA-256 of its bytes and begins with 0, every coin of
 * every entry is in the wallet or was counted as not kept, and the counter holds the hashes of all
 * entries. Hashes and coins of foreign workers, such as the classic's, are reported and are not a
 * fault. The audit may run while workers record: it does not report their new coins as foreign or
 * missing. Memory does not grow with the wallet.
 */
export async function audit(ledger: Pick<Ledger, 'coins' | 'coinCounts' | 'sums'>): Promise<Audit> {
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

async function checkWallet(wallet: AsyncIterable<Coin>): Promise<Pick<Audit, 'coins' | 'badCoins' | 'examples'>> {
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

/** The audit in a few plain lines, the verdict last. */
export function describeAudit(found: Audit): string[] {
  const { coins, badCoins, examples, unkeptCoins, missingCoins, foreignCoins, foreignHashes, missingHashes } = found
  const lines = [`coins checked: ${coins}, bad: ${badCoins}`, ...examples.map((example) => `  ${example}`)]
  if (badCoins > examples.length) lines.push(`  and ${badCoins - examples.length} more`)
  if (unkeptCoins > 0) lines.push(`coins counted, but not kept because the wallet was full: ${unkeptCoins}`)
  if (foreignCoins > 0) lines.push(`coins from foreign workers, such as the classic's: ${foreignCoins}`)
  if (missingCoins > 0) lines.push(`coins missing: ${missingCoins} (${WHY_MISSING})`)
  lines.push(`hashes counted: ${found.hashes}`, `hashes in entries: ${found.entries}`)
  if (foreignHashes > 0) lines.push(`hashes from foreign workers, such as the classic's: ${foreignHashes}`)
  if (missingHashes > 0) lines.push(`hashes missing from the counter: ${missingHashes} (it was set back or removed)`)
  if (found.hashes === 0 && found.entries === 0 && coins + unkeptCoins + missingCoins === 0) lines.push(EMPTY)
  return [...lines, found.sound ? 'The ledger is sound.' : 'The ledger is NOT sound.']
}

function faultOf({ digest, bytes }: Coin): string | undefined {
  const name = JSON.stringify(digest.slice(0, 64))
  if (!digest.startsWith('0')) return `${name} does not begin with 0`
  const actual = hash('sha256', bytes)
  return digest === actual ? undefined : `${name} is not the SHA-256 of its ${bytes.length} bytes, which is ${actual}`
}
