import { startApplication } from '../application.ts'
import { addCosts, type Bench, type Scenario } from '../bench.ts'
import { measure, type Figures, type Load } from '../load.ts'
import { folder, killAll } from '../processes.ts'
import type { Goal } from '../report.ts'
import { buildPlainGo, floor, hasGo, startLoops, startYardstick } from '../yardsticks.ts'

/** Of hashes per µs of processor time, as a ratio to the floor. */
const floorGoals: Record<number, Goal> = { 16: { atLeast: 0.9 } }
/** Of hashes per second, as a ratio to plain Go. */
const goGoals: Record<number, Goal> = { 1: { atLeast: 1 }, 4: { atLeast: 1.15 }, 16: { atLeast: 1.25 } }

export const loops: Scenario = {
  about: 'processor time per hash and speed without delays, 1, 4 and 16 loops, against the floor and plain Go',
  async run(bench) {
    for (const count of [1, 4, 16]) await compare(bench, count)
  },
}

/** One measurement after the other within a run, so that each ratio is of neighbours in time. */
async function compare(bench: Bench, count: number): Promise<void> {
  const { ledgerUrl, against, add } = bench
  const name = `${count} ${count === 1 ? 'loop' : 'loops'}`
  const onFile = `file:${folder}/ledger.db`

  const bare = await run('floor', await startYardstick(floor, count))
  const what = ledgerUrl === onFile ? 'ours, SQLite' : 'ours, Redis'
  const ours = await run(what, await startApplication(ledgerUrl, { LOOPS: `${count}` }))
  addRatios(what, ours, bare, '× the floor', { perMicros: floorGoals[count] })
  if (hasGo()) {
    const go = await run('plain Go', await startYardstick(buildPlainGo(), count))
    addRatios(what, ours, go, '× plain Go', { perSecond: goGoals[count] })
  }
  if (count === 16 && ledgerUrl !== onFile) {
    const sqlite = await run('ours, SQLite', await startApplication(onFile, { LOOPS: `${count}` }))
    addRatios('ours, SQLite', sqlite, bare, '× the floor')
  }
  if (against) {
    const { hashesPerSecond } = await measure(await startLoops(floor, against, count), bench.seconds)
    await killAll()
    add(`${name}, the other implementation`, 'hashes/s', hashesPerSecond)
  }

  async function run(load: string, started: Load): Promise<Figures> {
    const figures = await measure(started, bench.seconds)
    await started.stopAndProve?.()
    await killAll()
    add(`${name}, ${load}`, 'µs per hash', figures.cpuMicros)
    add(`${name}, ${load}`, 'hashes/s', figures.hashesPerSecond)
    if (count === 16) addCosts(bench, `${name}, ${load}`, figures)
    return figures
  }

  /** In both rows ours is the better where the ratio is above 1. */
  function addRatios(
    load: string,
    our: Figures,
    their: Figures,
    unit: string,
    goals: { perMicros?: Goal | undefined; perSecond?: Goal | undefined } = {},
  ): void {
    add(`${name}, ${load}: hashes per µs`, unit, their.cpuMicros / our.cpuMicros, goals.perMicros)
    add(`${name}, ${load}: hashes per second`, unit, our.hashesPerSecond / their.hashesPerSecond, goals.perSecond)
  }
}
