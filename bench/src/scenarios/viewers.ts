import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { startApplication } from '../application.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { summarize } from '../stats.ts'

const MIN_SECONDS = 10

export const viewers: Scenario = {
  about: 'what a thousand viewers of the dashboard cost the web UI, and how late their snapshots come',
  async run(bench) {
    for (const count of [1, 1000]) await watch(bench, count)
  },
}

async function watch({ processes, seconds, add }: Bench, count: number): Promise<void> {
  const redisUrl = `file:${processes.folder}/viewers.db`
  const application = await startApplication(processes, {
    ledgerUrl: redisUrl,
    env: { DELAY_MS: '100' },
    scale: { webui: 1 },
  })
  const webui = application.processes.find(({ service }) => service === 'webui')!
  const module = join(import.meta.dirname, '../yardstick/viewers.ts')
  const all = processes.start('viewers', module, { URL: webui.url, VIEWERS: `${count}` })
  while ((await all.ask<number>('connected')) < count) await sleep(50)
  await sleep(2000)
  await all.ask('seen')

  const before = await webui.usage()
  const beganAt = performance.now()
  await sleep(Math.max(seconds, MIN_SECONDS) * 1000)
  const { cpuMicros, rssBytes } = await webui.usage()
  const percent = (cpuMicros - before.cpuMicros) / 10 / (performance.now() - beganAt)
  const { late, had } = await all.ask<{ late: number[]; had: number[] }>('seen')
  const name = `${count} ${count === 1 ? 'viewer' : 'viewers'}`
  add(name, '% of a processor', percent)
  add(name, 'MB', rssBytes / 1e6)
  if (count > 1) {
    const { median, max } = summarize(late)
    add(`${name}: a snapshot after its first viewer`, 'ms', median)
    add(`${name}: the last snapshot of all`, 'ms', max)
    // The first and the last may have been on their way when the time began and ended.
    add(`${name}: had each snapshot, at least`, 'viewers', Math.min(...had.slice(1, -1)))
  }
  await processes.stopAll()
}
