import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { untilReady } from '../application.ts'
import type { Scenario } from '../scenario.ts'
import { startLocal } from './start.ts'

const IDLE_AFTER_MS = 10_000

export const fiftyWorkers: Scenario = {
  about: 'the memory of npm start -- --scale worker=50 (Linux)',
  once: true,
  async run({ processes, add }) {
    if (process.platform !== 'linux') return
    const { url, runner } = startLocal(processes, ['--scale', 'worker=50'])
    await untilReady(`${url}/readyz`)
    await sleep(IDLE_AFTER_MS)
    const sizes = await Promise.all((await family(runner.pid)).map(proportionalMb))
    add(
      `${sizes.length} processes`,
      'MB in all',
      sizes.reduce((sum, mb) => sum + mb, 0),
      { below: 2500 },
    )
    await runner.stop()
  },
}

/** A process and its children. */
async function family(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const children = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  )
  return [pid, ...children.join(' ').match(/\d+/g)!.map(Number)]
}

/** What is shared counts in parts, so that the sum over processes is what they take together. */
async function proportionalMb(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return (Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1]) * 1024) / 1e6
}
