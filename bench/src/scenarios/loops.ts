import { startApplication } from '../application.ts'
import { startFloor, startLoop } from '../floor.ts'
import { measure, type Figures } from '../load.ts'
import type { Bench, Goal, Scenario } from '../scenario.ts'
import { addCosts } from './add-costs.ts'

const goals: Record<number, { floor: Goal; request?: Goal }> = {
  1: { floor: { atLeast: 0.9 } },
  16: { floor: { atLeast: 0.85 }, request: { atLeast: 1.15 } },
}

export const loops: Scenario = {
  about: 'hashes a second at zero delay with 1, 4, 16 and 64 loops, against the floor of the runtime',
  async run(bench) {
    for (const count of [1, 4, 16, 64]) await compare(bench, count)
  },
}

/** One after the other within a run, so that each ratio is of neighbours in time. */
export async function compare(bench: Bench, count: number): Promise<void> {
  const { processes, seconds, redisUrl, against, add } = bench
  const name = `${count} ${count === 1 ? 'loop' : 'loops'}`
  const note = (what: string, { hashesPerSecond }: Figures) => add(`${name}, ${what}`, 'hashes/s', hashesPerSecond)

  const floor = await measure(await startFloor(processes, count, 'dispatch'), seconds)
  note('floor', floor)
  addCosts(bench, `${name}, floor`, floor)
  await processes.stopAll()
  const stores = Object.entries({ Redis: redisUrl, SQLite: `file:${processes.folder}/ledger.db` })
  for (const [store, url] of stores) {
    if (url === undefined) continue
    const ours = await measureOurs(bench, count, url)
    const goal = store === 'Redis' ? goals[count]?.floor : undefined
    note(store, ours)
    add(`${name}, ${store}`, '× the floor', ours.hashesPerSecond / floor.hashesPerSecond, goal)
    addCosts(bench, `${name}, ${store}`, ours)
    if (store !== 'Redis') continue
    const request = await measure(await startFloor(processes, count, 'request'), seconds)
    note('Pool.request', request)
    add(`${name}, Redis`, '× Pool.request', ours.hashesPerSecond / request.hashesPerSecond, goals[count]?.request)
    await processes.stopAll()
  }
  if (!against) return
  note('the other implementation', await measure(startLoop(processes, against, count, 'dispatch'), seconds))
  await processes.stopAll()
}

async function measureOurs({ processes, seconds }: Bench, count: number, redisUrl: string): Promise<Figures> {
  const application = await startApplication(processes, { ledgerUrl: redisUrl, env: { LOOPS: `${count}` } })
  const figures = await measure(application, seconds)
  await application.stopAndProve()
  await processes.stopAll()
  return figures
}
