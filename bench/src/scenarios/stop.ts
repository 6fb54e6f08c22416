import { until } from '@dockercoins/testing'

import { startApplication } from '../application.ts'
import type { Scenario } from '../bench.ts'

export const stop: Scenario = {
  about: 'from SIGTERM to the exit of each service, under full load',
  async run(bench) {
    const application = await startApplication(bench.ledgerUrl, { LOOPS: '16' }, { webui: 1 })
    await until('10,000 hashes', application.hashes, (hashes) => hashes >= 10_000)
    for (const service of application.processes) {
      const askedAt = performance.now()
      const exitCode = await service.stop()
      bench.add(service.name, 'ms', performance.now() - askedAt, { atMost: 1000 })
      if (exitCode !== 0) throw new Error(`expected ${service.name} to exit with 0, got ${exitCode}`)
    }
  },
}
