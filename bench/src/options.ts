import { parseArgs } from 'node:util'

import type { Scenario } from './bench.ts'
import { batches } from './scenarios/batches.ts'
import { classic } from './scenarios/classic.ts'
import { loops } from './scenarios/loops.ts'
import { manyWorkers } from './scenarios/many-workers.ts'
import { replicaHangs } from './scenarios/replica-hangs.ts'
import { startUp } from './scenarios/start.ts'
import { stop } from './scenarios/stop.ts'

/** All scenarios, in the order in which they run. */
export const scenarios: Record<string, Scenario> = {
  loops,
  batches,
  classic,
  start: startUp,
  stop,
  'replica-hangs': replicaHangs,
  'many-workers': manyWorkers,
}

const abouts = Object.entries(scenarios).map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`)
const usage = `Usage: npm run bench -- [--runs 5] [--seconds 3] [--only SCENARIO]... [--against RNG_URL HASHER_URL] [--json]

Scenarios:
${abouts.join('\n')}`

export type Options = ReturnType<typeof parseOptions>

/** Reads the command line. Throws an error with the usage when it is not valid. */
export function parseOptions(args: string[]) {
  const text = { type: 'string' } as const
  const options = {
    runs: { ...text, default: '5' },
    seconds: { ...text, default: '3' },
    only: { ...text, multiple: true, default: Object.keys(scenarios) },
    against: text,
    json: { type: 'boolean', default: false },
  } as const
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const { only, json, against: rng = '' } = values
    const [hasher = '', ...rest] = positionals
    const [runs, seconds] = [Number(values.runs), Number(values.seconds)]
    if (!(Number.isInteger(runs) && runs > 0)) throw new Error('--runs: expected a whole number above 0')
    if (!(seconds > 0 && seconds < 1e6)) throw new Error('--seconds: expected a number above 0')
    if (!only.every((name) => Object.hasOwn(scenarios, name))) throw new Error('--only: expected a scenario')
    if (rng === '' && positionals.length === 0) return { runs, seconds, only, json }
    if (!URL.canParse(rng) || !URL.canParse(hasher) || rest.length > 0)
      throw new Error('--against: expected two URLs, of rng and hasher')
    return { runs, seconds, only, json, against: { rng, hasher } }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`, { cause: error })
  }
}
