import { setTimeout as sleep } from 'node:timers/promises'

import { scrape, startApplication, type Started } from '../application.ts'
import type { Bench, Scenario } from '../scenario.ts'

/** The first tenth is for warming up; each of the others is one look. */
const LOOKS = 10

export const endurance: Scenario = {
  about: 'memory, open files and event-loop delay over a long time at full speed (--seconds 1800); only with --only',
  once: true,
  onDemand: true,
  async run(bench) {
    const { processes, redisUrl = `file:${processes.folder}/ledger.db`, seconds, add, say } = bench
    const application = await startApplication(processes, {
      ledgerUrl: redisUrl,
      env: { LOOPS: '16' },
      scale: { webui: 1 },
    })
    let hashes = 0
    for (let look = 1; look <= LOOKS; look++) {
      await sleep((seconds * 1000) / LOOKS)
      // First, for each look at the metrics begins their measurement of the delay anew.
      for (const process of application.processes) await lookAt(process, bench)
      const before = hashes
      hashes = await application.hashes()
      add('speed', 'hashes/s', (hashes - before) / (seconds / LOOKS))
      say(`${look} of ${LOOKS}: ${hashes} hashes`)
    }
    await application.stopAndProve()
  },
}

/** The values of a row are those of one look after the other. */
async function lookAt({ url, service }: Started, { add }: Bench): Promise<void> {
  const read = await scrape(url)
  add(service, 'MB', read('process_resident_memory_bytes') / 1e6)
  add(service, 'open files', read('process_open_fds'))
  add(service, 'ms of event-loop delay, p99', read('nodejs_eventloop_lag_p99_seconds') * 1000)
}
