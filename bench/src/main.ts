import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'

import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/testing/redis-server'

import { parseOptions, usage, UsageError, type Options } from './options.ts'
import { createProcesses, repository } from './processes.ts'
import { toResults, toTable, toVerdicts, type Result } from './report.ts'
import { createRows } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(exitCode))

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') process.stdout.write(usage)
  else {
    for (const url of Object.values(options.against ?? {})) await checkAnswers(url)
    await bench(options)
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function bench(options: Options): Promise<void> {
  for (const service of ['rng', 'hasher', 'worker', 'webui'])
    execFileSync(process.execPath, ['images/bundle.ts', service], { cwd: repository, stdio: 'inherit' })
  const redis = hasRedisServer() ? await startRedisServer() : undefined
  if (!redis) console.error(`Nothing is measured on Redis: ${NO_REDIS}.`)
  const results: Result[] = []
  try {
    for (const name of options.only) results.push(...(await runScenario(name, options, redis?.url)))
  } finally {
    await redis?.remove()
  }
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`
  if (options.json) return console.log(JSON.stringify({ machine, ...options, results }, undefined, 2))
  console.log(
    `\n${machine}; ${options.runs} ${options.runs === 1 ? 'run' : 'runs'}, ${options.seconds} s a load\n\n${toTable(results)}\n\n${toVerdicts(results)}`,
  )
}

async function checkAnswers(url: string): Promise<void> {
  if (await fetch(url).catch(() => undefined)) return
  throw new UsageError(`--against: expected ${url} to answer, and nothing does: start it first`)
}

/** What fails is told, and the other scenarios are measured all the same. */
async function runScenario(name: string, options: Options, redisUrl: string | undefined): Promise<Result[]> {
  const { run, once } = scenarios[name]!
  const { rows, add } = createRows()
  const runs = once ? 1 : options.runs
  for (let done = 0; done < runs; done++) {
    console.error(`${name}: run ${done + 1} of ${runs}`)
    const processes = createProcesses()
    try {
      await run({ ...options, processes, redisUrl, add, say: console.error })
    } catch (error) {
      console.error(`${name} failed: ${(error as Error).message}`)
      process.exitCode = 1
      break
    } finally {
      await processes.end()
    }
  }
  return toResults(name, rows)
}
