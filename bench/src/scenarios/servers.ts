import { join } from 'node:path'

import { startService } from '../application.ts'
import { startBare } from '../floor.ts'
import { measure, type Figures } from '../load.ts'
import type { Measured } from '../processes.ts'
import type { Bench, Scenario } from '../scenario.ts'

const sizes = { '32 B': 32, '1 MiB': 2 ** 20, '32 MiB': 2 ** 25 }

export const servers: Scenario = {
  about: 'rng and hasher alone, with 32 bytes, 1 MiB and 32 MiB, against bare servers',
  async run(bench) {
    for (const service of ['rng', 'hasher'] as const) {
      for (const [size, bytes] of Object.entries(sizes)) await compare(bench, service, size, bytes)
    }
  },
}

async function compare(bench: Bench, service: 'rng' | 'hasher', size: string, bytes: number): Promise<void> {
  const { processes, add } = bench
  const floor = await drive(bench, await startBare(processes, service), service, bytes)
  const ours = await drive(bench, await startService(processes, service, { DELAY_MS: '0' }), service, bytes)
  const name = `${service}, ${size}`
  if (bytes < 2 ** 20) add(name, 'requests/s', ours.hashesPerSecond)
  else add(name, 'MB/s', (ours.hashesPerSecond * bytes) / 1e6)
  add(name, '× the floor', ours.hashesPerSecond / floor.hashesPerSecond)
  add(name, 'µs a request', ours.cpuMicros[service]!)
  add(`${name}, floor`, 'µs a request', floor.cpuMicros[service]!)
  add(name, 'MB', ours.rssMb[service]!)
}

async function drive(
  { processes, seconds }: Bench,
  server: Measured & { url: string },
  service: 'rng' | 'hasher',
  bytes: number,
): Promise<Figures> {
  const driver = processes.start('driver', join(import.meta.dirname, '../yardstick/driver.ts'), {
    URL: server.url,
    METHOD: service === 'rng' ? 'GET' : 'POST',
    PATH: service === 'rng' ? `/${bytes}` : '/',
    BODY_BYTES: `${bytes}`,
    CONNECTIONS: bytes < 2 ** 20 ? '16' : '4',
  })
  const figures = await measure({ processes: [server], hashes: () => driver.ask('requests') }, seconds)
  await processes.stopAll()
  return figures
}
