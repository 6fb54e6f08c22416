import { setTimeout as sleep } from 'node:timers/promises'

import { startApplication, type Started } from '../application.ts'
import type { Bench, Scenario } from '../scenario.ts'

/** The first tenth is for warming up; each of the others is one look. */
const LOOKS = 10
const MB = 1e6

const figures = {
  MB: (metrics: string) => read(metrics, 'process_resident_memory_bytes') / MB,
  'open files': (metrics: string) => read(metrics, 'process_open_fds'),
  'ms of event-loop delay, p99': (metrics: string) => read(metrics, 'nodejs_eventloop_lag_p99_seconds') * 1000,
}

export const endurance: Scenario = {
  about: 'memory, open files and event-loop delay over a long time at full speed (--seconds 1800); only with --only',
  once: true,
  onDemand: true,
  async run(bench) {
    const { processes, redisUrl = `file:${processes.folder}/ledger.db`, seconds, add, say } = bench
    const application = await startApplication(processes, { redisUrl, env: { LOOPS: '16' }, scale: { webui: 1 } })
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
  const metrics = await (await fetch(`${url}/metrics`)).text()
  for (const [unit, of] of Object.entries(figures)) add(service, unit, of(metrics))
}

function read(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1])
}
