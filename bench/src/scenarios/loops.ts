import { startApplication } from '../application.ts'
import { addCosts, type Bench, type Scenario } from '../bench.ts'
import { measure, startFloor, startLoops, type Load } from '../load.ts'
import { folder, killAll } from '../processes.ts'
import type { Goal } from '../report.ts'

const requestGoals: Record<number, Goal> = { 16: { atLeast: 1.15 } }

export const loops: Scenario = {
  about: 'hashes per second without delays, 1 and 16 loops, against the same loops over bare servers (the floor)',
  async run(bench) {
    for (const count of [1, 16]) await compare(bench, count)
  },
}

/** One measurement after the other within a run, so that each ratio is of neighbours in time. */
async function compare(bench: Bench, count: number): Promise<void> {
  const { ledgerUrl, against, add } = bench
  const name = `${count} ${count === 1 ? 'loop' : 'loops'}`
  const LOOPS = `${count}`
  const sqliteUrl = `file:${folder}/ledger.db`

  const floor = await run('floor', await startFloor(count, 'dispatch'))
  if (ledgerUrl !== sqliteUrl) {
    const ours = await run('Redis', await startApplication(ledgerUrl, { LOOPS }))
    add(`${name}, Redis`, '× the floor', ours / floor, { atLeast: 0.9 })
    const request = await run('Pool.request', await startFloor(count, 'request'))
    add(`${name}, Redis`, '× Pool.request', ours / request, requestGoals[count])
  }
  const ours = await run('SQLite', await startApplication(sqliteUrl, { LOOPS }))
  add(`${name}, SQLite`, '× the floor', ours / floor)
  if (against) await run('the other implementation', startLoops(against, count, 'dispatch'))

  async function run(what: string, load: Load): Promise<number> {
    const figures = await measure(load, bench.seconds)
    await load.stopAndProve?.()
    await killAll()
    add(`${name}, ${what}`, 'hashes/s', figures.hashesPerSecond)
    if (count === 16) addCosts(bench, `${name}, ${what}`, figures)
    return figures.hashesPerSecond
  }
}
