import { openLedger } from '@dockercoins/ledger'

import { startApplication } from '../application.ts'
import { measure, type Figures } from '../load.ts'
import type { Bench, Scenario } from '../scenario.ts'

const parts = ['logs', 'metrics', 'ledger', 'line'] as const
type Part = (typeof parts)[number]

export const costs: Scenario = {
  about: 'what logs, metrics, the ledger and the line cost: 16 loops without each, in turn',
  async run(bench) {
    for (const part of parts) {
      // Before and after, as the machine may become slower or faster meanwhile.
      const before = await measureWith(bench, part)
      const without = await measureWith(bench, part, import.meta.resolve(`../without/${part}.ts`))
      const after = await measureWith(bench, part)
      const speed = (before.hashesPerSecond + after.hashesPerSecond) / 2
      const micros = (total(before) + total(after)) / 2
      bench.add(part, '% of the speed', (1 - speed / without.hashesPerSecond) * 100)
      bench.add(part, '% of the processor time', (1 - total(without) / micros) * 100)
    }
  },
}

function total({ cpuMicros }: Figures): number {
  return Object.values(cpuMicros).reduce((sum, micros) => sum + micros, 0)
}

async function measureWith({ processes, seconds, redisUrl }: Bench, part: Part, preload?: string): Promise<Figures> {
  const url = redisUrl ?? `file:${processes.folder}/ledger.db`
  const env = { LOOPS: '16', INTERVAL_MS: '100', KEY_PREFIX: `costs-${process.pid}-${performance.now()}:` }
  const options = { ledgerUrl: url, env, fromSource: true, ...(preload && { preload }) }
  const application = await startApplication(processes, options)
  // Without metrics the workers do not tell, and the ledger does, so it does with them as well.
  const ledger = part === 'metrics' ? await openLedger({ ledgerUrl: url, keyPrefix: env.KEY_PREFIX }) : undefined
  const hashes = ledger ? async () => (await ledger.totals()).hashes : application.hashes
  const figures = await measure({ ...application, hashes }, seconds)
  await ledger?.close()
  await processes.stopAll()
  return figures
}
