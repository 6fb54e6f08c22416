import { startApplication } from '../application.ts'
import { measure } from '../load.ts'
import type { Scenario } from '../scenario.ts'

export const replicas: Scenario = {
  about: 'hashes a second with more and more processes at zero delay: up to the processors, and no further',
  async run({ processes, seconds, redisUrl = `file:${processes.folder}/ledger.db`, add }) {
    for (const [worker, rng, hasher] of [
      [1, 1, 1],
      [2, 1, 1],
      [2, 2, 2],
      [4, 4, 4],
    ] as const) {
      const application = await startApplication(processes, {
        ledgerUrl: redisUrl,
        env: { LOOPS: '16' },
        scale: { worker, rng, hasher },
      })
      const { hashesPerSecond, cores } = await measure(application, seconds)
      const name = `worker × ${worker}, rng × ${rng}, hasher × ${hasher}`
      add(name, 'hashes/s', hashesPerSecond)
      add(name, 'processors busy', cores)
      await application.stopAndProve()
      await processes.stopAll()
    }
  },
}
