import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { openLedger, type Report } from '@dockercoins/ledger'

import { startApplication } from '../application.ts'
import type { Processes } from '../processes.ts'
import type { Scenario } from '../scenario.ts'
import { summarize } from '../stats.ts'

/** A unit of work takes this long by the classic's timings. */
const UNIT_MS = 300
const MIN_SECONDS = 10
/** So many batches in a row make one value: each tells whole milliseconds, and has four units. */
const BATCHES = 4
/** The first batches tell of the start. */
const SETTLED_AFTER_MS = 3000

export const classic: Scenario = {
  about: "how much longer than its 300 ms a unit of work takes with the classic's timings, and three bare timers",
  async run({ processes, seconds, redisUrl = `file:${processes.folder}/ledger.db`, add }) {
    const ms = Math.max(seconds, MIN_SECONDS) * 1000
    add('overhead of a unit', 'ms', await overheadOfUnits(processes, redisUrl, ms), { below: 2 })
    add('overhead of three timers', 'ms', await overheadOfTimers(processes, ms))
    await processes.stopAll()
  },
}

/** The median over batches in a row, each of which tells when its first unit began and its last one ended. */
async function overheadOfUnits(processes: Processes, redisUrl: string, ms: number): Promise<number> {
  const env = { DELAY_MS: '100', KEY_PREFIX: `classic-${process.pid}-${performance.now()}:` }
  const application = await startApplication(processes, { ledgerUrl: redisUrl, env })
  await sleep(SETTLED_AFTER_MS)
  const ledger = await openLedger({ ledgerUrl: redisUrl, keyPrefix: env.KEY_PREFIX })
  const told = new Map<number, Report>()
  for (const end = performance.now() + ms; performance.now() < end; await sleep(500)) {
    for (const report of await ledger.reports()) if (report.hashes > 0) told.set(report.to, report)
  }
  await ledger.close()
  await application.stopAndProve()
  await processes.stopAll()
  const reports = [...told.values()].toSorted((a, b) => a.to - b.to)
  const rows = reports.slice(BATCHES - 1).map((_, index) => reports.slice(index, index + BATCHES))
  return summarize(rows.map(overheadOf)).median
}

function overheadOf(batches: Report[]): number {
  const hashes = batches.reduce((sum, batch) => sum + batch.hashes, 0)
  const ms = batches.reduce((sum, { from, to }) => sum + to - from, 0)
  return ms / hashes - UNIT_MS
}

async function overheadOfTimers(processes: Processes, ms: number): Promise<number> {
  const timer = processes.start('timer', join(import.meta.dirname, '../yardstick/timer.ts'))
  await sleep(ms)
  return (await timer.ask<number>('meanMs')) - UNIT_MS
}
