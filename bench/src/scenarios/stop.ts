import { startApplication } from '../application.ts'
import type { Scenario } from '../scenario.ts'

export const stop: Scenario = {
  about: 'from SIGTERM to the exit of each service, under full load',
  async run({ processes, redisUrl = `file:${processes.folder}/ledger.db`, add }) {
    const options = { ledgerUrl: redisUrl, env: { LOOPS: '16' }, scale: { webui: 1 } }
    const application = await startApplication(processes, options)
    while ((await application.hashes()) < 10_000);
    for (const { service, ...running } of application.processes) {
      const askedAt = performance.now()
      const exitCode = await running.stop()
      add(service, 'ms', performance.now() - askedAt)
      if (exitCode !== 0) throw new Error(`expected ${service} to exit with 0, got ${exitCode}`)
    }
  },
}
