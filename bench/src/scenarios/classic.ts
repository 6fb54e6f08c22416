import { setTimeout as sleep } from 'node:timers/promises'

import { openLedger, type Ledger } from '@dockercoins/ledger'
import { until } from '@dockercoins/testing'

import { startApplication } from '../application.ts'
import type { Scenario } from '../bench.ts'

/** The duration of a unit of work with the classic's delays. */
const UNIT_MS = 300
const MIN_SECONDS = 10

export const classic: Scenario = {
  about: "how much longer than 300 ms a unit of work takes with the classic's delays",
  async run(bench) {
    const application = await startApplication(bench.ledgerUrl, { DELAY_MS: '100' })
    const ledger = await openLedger({ ledgerUrl: bench.ledgerUrl, keyPrefix: application.keyPrefix })
    await nextEntry(ledger) // covers the start
    const first = await nextEntry(ledger)
    await sleep(Math.max(bench.seconds, MIN_SECONDS) * 1000)
    const last = await nextEntry(ledger)
    await ledger.close()
    const unitMs = (last.at - first.at) / (last.hashes - first.hashes)
    bench.add('overhead of a unit', 'ms', unitMs - UNIT_MS, { atMost: 2 })
    await application.stopAndProve()
  },
}

/**
 * Resolves, after the worker's next entry, to the end of its last unit and the hashes counted by
 * then.
 */
async function nextEntry(ledger: Ledger): Promise<{ at: number; hashes: number }> {
  const lastEnd = async () => (await ledger.reports())[0]?.to ?? 0
  const before = await lastEnd()
  const at = await until('an entry', lastEnd, (end) => end !== before)
  return { at, hashes: (await ledger.totals()).hashes }
}
