import { startApplication } from '../application.ts'
import { measure } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import { addCosts } from './add-costs.ts'

export const batches: Scenario = {
  about: 'hashes a second with 1, 8, 64 and 512 hashes to a request, 16 loops at zero delay',
  async run(bench) {
    const { processes, seconds, redisUrl, add } = bench
    for (const batch of [1, 8, 64, 512]) {
      const env = { LOOPS: '16', BATCH: `${batch}` }
      const url = redisUrl ?? `file:${processes.folder}/ledger.db`
      const application = await startApplication(processes, { ledgerUrl: url, env })
      const figures = await measure(application, seconds)
      const name = `batches of ${batch}`
      const isGoal = batch === 64
      add(name, 'hashes/s', figures.hashesPerSecond, isGoal ? { atLeast: 300_000 } : undefined)
      addCosts(bench, name, figures, isGoal ? { below: 120 } : undefined)
      await application.stopAndProve()
      await processes.stopAll()
    }
  },
}
