import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { startService, type ServiceName } from '../application.ts'
import { repository, type Measured } from '../processes.ts'
import type { Bench, Scenario } from '../scenario.ts'

/** When a service counts as idle, after its start. */
const IDLE_AFTER_MS = 3000

export const start: Scenario = {
  about:
    'from spawn to ready, from bundle and source; memory when idle; from the start of the runner to the first hash',
  async run(bench) {
    for (const fromSource of [false, true]) await startEach(bench, fromSource)
    await firstHash(bench)
  },
}

async function startEach(bench: Bench, fromSource: boolean): Promise<void> {
  const { processes, add } = bench
  // Images keep no compiled code; from source it is kept.
  const env: NodeJS.ProcessEnv = { LEDGER_URL: `file:${processes.folder}/start.db`, ...(fromSource && compileCache) }
  const running: [ServiceName, Measured][] = []
  for (const service of ['rng', 'hasher', 'webui', 'worker'] as const) {
    const startedAt = performance.now()
    const { url, ...measured } = await startService(processes, service, env, fromSource)
    const from = fromSource ? 'source' : 'bundle'
    add(`${service} from ${from}: ready`, 'ms', performance.now() - startedAt, { atMost: fromSource ? 500 : 250 })
    env[`${service.toUpperCase()}_URL`] = url
    running.push([service, measured])
  }
  await sleep(IDLE_AFTER_MS)
  if (!fromSource) {
    for (const [service, measured] of running)
      add(
        `${service}: ${service === 'worker' ? 'at the classic pace' : 'hardly asked'}`,
        'MB',
        (await measured.usage()).rssBytes / 1e6,
        { atMost: 60 },
      )
  }
  await processes.stopAll()
}

/** As the scripts of package.json set it. */
const compileCache = { NODE_COMPILE_CACHE: join(repository, 'node_modules', '.cache', 'compile') }

async function firstHash({ processes, add }: Bench): Promise<void> {
  const startedAt = performance.now()
  const { url, runner } = startLocal(processes, [])
  while ((await hashesSo(url)) === 0) await sleep(5)
  add('from the runner to the first hash counted, without npm', 'ms', performance.now() - startedAt, { atMost: 1000 })
  await runner.stop()
}

/** What `npm start` runs. */
export function startLocal({ start: startProcess, folder }: Bench['processes'], options: string[]) {
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const data = join(folder, `local-${port}`)
  const line = ['--port', `${port}`, '--data', data, ...options].join(' ')
  const env = { ...compileCache, BENCH_ARGUMENTS: line }
  const runner = startProcess('local', join(import.meta.dirname, '../local.ts'), env)
  return { url: `http://127.0.0.1:${port}`, runner }
}

async function hashesSo(webui: string): Promise<number> {
  const response = await fetch(`${webui}/json`).catch(() => undefined)
  return response?.ok ? ((await response.json()) as { hashes: number }).hashes : 0
}
