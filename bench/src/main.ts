import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'

import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/testing/redis-server'

import type { Bench } from './bench.ts'
import { parseOptions, scenarios, type Options } from './options.ts'
import { folder, killAll, repository } from './processes.ts'
import { summarize, toCells, type Row } from './report.ts'
import { hasGo, NO_GO } from './yardsticks.ts'

// An exit, and not the end by the signal, so that the processes end too.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

try {
  await bench(parseOptions(process.argv.slice(2)))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

async function bench(options: Options): Promise<void> {
  for (const service of ['rng', 'hasher', 'worker', 'webui'])
    execFileSync(process.execPath, ['images/bundle.ts', service], { cwd: repository, stdio: 'inherit' })
  const redis = hasRedisServer() ? await startRedisServer() : undefined
  if (!redis) console.error(`Nothing is measured on Redis: ${NO_REDIS}.`)
  if (options.only.includes('loops') && !hasGo()) console.error(`Plain Go is left out: ${NO_GO}.`)
  const rows: Row[] = []
  for (const name of options.only) await runScenario(name, options, redis?.url ?? `file:${folder}/ledger.db`, rows)
  await redis?.remove()
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, Node ${process.versions.node}`
  if (options.json) {
    const results = rows.map((row) => ({ ...row, ...summarize(row.values) }))
    console.log(JSON.stringify({ machine, ...options, results }, undefined, 2))
  } else {
    console.log(`${machine}, ${options.runs} × ${options.seconds} s`)
    console.table(rows.map(toCells))
  }
}

/**
 * Measures all runs. A scenario that fails is reported, and the next one is measured all the same.
 */
async function runScenario(name: string, options: Options, ledgerUrl: string, rows: Row[]): Promise<void> {
  const add: Bench['add'] = (figure, unit, value, goal) => {
    const known = rows.find((row) => row.scenario === name && row.name === figure && row.unit === unit)
    if (known) known.values.push(value)
    else rows.push({ scenario: name, name: figure, unit, values: [value], ...(goal && { goal }) })
  }
  try {
    for (let run = 1; run <= options.runs; run++) {
      console.error(`${name}: run ${run} of ${options.runs}`)
      await scenarios[name]!.run({ ...options, ledgerUrl, add })
      await killAll()
    }
  } catch (error) {
    console.error(`${name} failed: ${(error as Error).message}`)
    process.exitCode = 1
    await killAll()
  }
}
