import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { until } from '@dockercoins/testing'
import { totals } from '@dockercoins/testing/figures'
import { freePorts } from '@dockercoins/testing/free-ports'

import { startService, type Service } from '../application.ts'
import type { Bench, Scenario } from '../bench.ts'
import { folder, killAll, node, repository, start } from '../processes.ts'

const IDLE_AFTER_MS = 3000

export const startUp: Scenario = {
  about: 'from the start of each bundle to ready; its memory when idle; from npm start to the first hash',
  async run(bench) {
    await startEach(bench)
    await startRunner(bench)
  },
}

async function startEach({ add }: Bench): Promise<void> {
  const env: NodeJS.ProcessEnv = { LEDGER_URL: `file:${folder}/start.db` }
  const services: Service[] = []
  for (const name of ['rng', 'hasher', 'webui', 'worker'] as const) {
    const startedAt = performance.now()
    const service = await startService(name, env)
    add(`${name}: ready`, 'ms', performance.now() - startedAt, { atMost: 250 })
    env[`${name.toUpperCase()}_URL`] = service.url
    services.push(service)
  }
  await sleep(IDLE_AFTER_MS)
  for (const { name, usage } of services) add(`${name}: idle`, 'MB', usage().rssBytes / 1e6)
  await killAll()
}

/** What `npm start` runs, from source, with the compiled code of earlier starts. */
async function startRunner({ add }: Bench): Promise<void> {
  const port = await freePorts(4)
  const env = { NODE_COMPILE_CACHE: join(repository, 'node_modules', '.cache', 'compile') }
  const options = ['--port', `${port}`, '--data', join(folder, `local-${Date.now()}`)]
  const hashes = () => totals(`http://127.0.0.1:${port}`).then((now) => now.hashes)
  const startedAt = performance.now()
  const runner = start('local', node(join(repository, 'local/src/main.ts'), ...options), env)
  await until('the first hash', hashes, (count) => count > 0)
  add('npm start: first hash', 'ms', performance.now() - startedAt, { atMost: 1000 })
  await runner.stop()
}
