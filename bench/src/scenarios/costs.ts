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
      const whole = await measureWithout(bench)
      const without = await measureWithout(bench, part)
      bench.add(part, '% of the speed', (1 - whole.hashesPerSecond / without.hashesPerSecond) * 100)
      bench.add(part, '% of the processor time', (1 - total(without) / total(whole)) * 100)
    }
  },
}

function total({ cpuMicros }: Figures): number {
  return Object.values(cpuMicros).reduce((sum, micros) => sum + micros, 0)
}

async function measureWithout({ processes, seconds, redisUrl }: Bench, part?: Part): Promise<Figures> {
  const url = redisUrl ?? `file:${processes.folder}/ledger.db`
  const env = { LOOPS: '16', INTERVAL_MS: '100', KEY_PREFIX: `costs-${process.pid}-${performance.now()}:` }
  const preload = part && import.meta.resolve(`../without/${part}.ts`)
  const options = { redisUrl: url, env, fromSource: true, ...(preload && { preload }) }
  const application = await startApplication(processes, options)
  // Without metrics the workers do not tell, and the ledger does.
  const ledger = part === 'metrics' ? await openLedger({ redisUrl: url, keyPrefix: env.KEY_PREFIX }) : undefined
  const hashes = ledger ? async () => (await ledger.totals()).hashes : application.hashes
  const figures = await measure({ ...application, hashes }, seconds)
  await ledger?.close()
  await processes.stopAll()
  return figures
}
