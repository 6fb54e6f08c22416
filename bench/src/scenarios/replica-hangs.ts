import { setTimeout as sleep } from 'node:timers/promises'

import { startApplication, type Application } from '../application.ts'
import type { Bench, Scenario } from '../bench.ts'
import { killAll } from '../processes.ts'

/** After this time a hanging replica must cost no more than its own share. */
const SETTLED_MS = 10_000

export const replicaHangs: Scenario = {
  about: 'hashes per second with the classic delays, 16 loops, while one of three rng or hasher hangs (SIGSTOP)',
  async run(bench) {
    for (const service of ['rng', 'hasher'] as const) await measureHang(bench, service)
  },
}

async function measureHang(bench: Bench, service: 'rng' | 'hasher'): Promise<void> {
  const env = { DELAY_MS: '100', LOOPS: '16' }
  const two = await measureSpeed(await startApplication(bench.ledgerUrl, env, { [service]: 2 }), bench.seconds)
  bench.add(`two ${service}`, 'hashes/s', two)
  await killAll()

  const application = await startApplication(bench.ledgerUrl, env, { [service]: 3 })
  process.kill(application.processes.find(({ name }) => name === service)!.pid, 'SIGSTOP')
  await sleep(SETTLED_MS)
  const hung = await measureSpeed(application, bench.seconds)
  bench.add(`one of three ${service} hangs`, 'hashes/s', hung)
  bench.add(`one of three ${service} hangs`, '× two', hung / two, { atLeast: 0.8 })
  await application.stopAndProve()
  await killAll()
}

async function measureSpeed({ hashes }: Application, seconds: number): Promise<number> {
  await sleep(1000)
  const [before, began] = [await hashes(), performance.now()]
  await sleep(seconds * 1000)
  return ((await hashes()) - before) / ((performance.now() - began) / 1000)
}
