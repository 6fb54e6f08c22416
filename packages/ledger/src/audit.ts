import { hash } from 'node:crypto'

import type { Coin, Ledger, Sums } from './ledger.ts'

/** Bad coins that a report names; beyond them it counts. */
const MAX_EXAMPLES = 5

export interface Audit extends Sums {
  coins: number
  badCoins: number
  /** What is wrong with the first few bad coins. */
  examples: string[]
  /** Coins that were counted while the wallet was full. */
  unkeptCoins: number
  /** Coins that the ledger counted as kept and that were not found. */
  missingCoins: number
  sound: boolean
}

/**
 * Proves a ledger sound: every coin is the SHA-256 of its bytes and begins with 0, every coin that was counted is in the
 * wallet or was counted as not kept, and the batches add up to the counter.
 * Holds for a live one too; coins recorded meanwhile may or may not be checked. Memory does not grow with the wallet.
 */
export async function audit(ledger: Pick<Ledger, 'coins' | 'coinCounts' | 'sums'>): Promise<Audit> {
  const sums = await ledger.sums()
  const { kept, unkept: unkeptCoins } = await ledger.coinCounts()
  const examples: string[] = []
  let coins = 0
  let badCoins = 0
  for await (const coin of ledger.coins()) {
    coins++
    const fault = faultOf(coin)
    if (fault === undefined) continue
    badCoins++
    if (examples.length < MAX_EXAMPLES) examples.push(fault)
  }
  const missingCoins = Math.max(kept - coins, 0)
  const sound = badCoins === 0 && missingCoins === 0 && sums.hashes === sums.batches
  return { ...sums, coins, badCoins, examples, unkeptCoins, missingCoins, sound }
}

/** The audit in a few plain lines, the verdict last. */
export function describeAudit(found: Audit): string[] {
  const { hashes, batches, coins, badCoins, examples, unkeptCoins, missingCoins, sound } = found
  const lines = [`coins checked: ${coins}, bad: ${badCoins}`, ...examples.map((example) => `  ${example}`)]
  if (badCoins > examples.length) lines.push(`  and ${badCoins - examples.length} more`)
  if (unkeptCoins > 0) lines.push(`coins counted beyond the wallet's bound and not kept: ${unkeptCoins}`)
  if (missingCoins > 0) lines.push(`coins missing: ${missingCoins} were counted and are not in the wallet`)
  lines.push(`hashes counted: ${hashes}`, `sum of batches: ${batches}`)
  if (hashes > batches) {
    lines.push(`${hashes - batches} hashes were counted outside of batches, for instance by a classic worker`)
  }
  if (hashes < batches) lines.push(`${batches - hashes} hashes are missing from the counter`)
  return [...lines, sound ? 'The ledger is sound.' : 'The ledger is NOT sound.']
}

function faultOf({ digest, bytes }: Coin): string | undefined {
  const name = JSON.stringify(digest.slice(0, 64))
  if (!digest.startsWith('0')) return `${name} does not begin with 0`
  const actual = hash('sha256', bytes)
  return digest === actual ? undefined : `${name} is not the SHA-256 of its ${bytes.length} bytes, which is ${actual}`
}
