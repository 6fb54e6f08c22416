import { startApplication } from '../application.ts'
import { addCosts, type Scenario } from '../bench.ts'
import { measure } from '../load.ts'

export const batches: Scenario = {
  about: 'hashes per second without delays, 16 loops, 64 hashes per request',
  async run(bench) {
    const application = await startApplication(bench.ledgerUrl, { LOOPS: '16', BATCH: '64' })
    const figures = await measure(application, bench.seconds)
    await application.stopAndProve()
    bench.add('batches of 64', 'hashes/s', figures.hashesPerSecond, { atLeast: 300_000 })
    addCosts(bench, 'batches of 64', figures, { atMost: 120 })
  },
}
