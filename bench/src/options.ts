import { parseArgs } from 'node:util'

import { scenarios } from './scenarios/index.ts'

export interface Options {
  runs: number
  seconds: number
  /** Names of scenarios. */
  only: string[]
  against?: { rng: string; hasher: string }
  json: boolean
}

/** The command line is not understood; the message says what was expected. */
export class UsageError extends Error {
  override name = 'UsageError'
}

const usual = Object.keys(scenarios).filter((name) => !scenarios[name]?.onDemand)
const names = Object.entries(scenarios).map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`)

export const usage = `Measures how fast DockerCoins is on this machine, against yardsticks of its own.

Usage: npm run bench [-- OPTIONS]

Options:
  --runs N                      how often everything is measured (default 5)
  --seconds S                   how long each measurement takes (default 3)
  --only SCENARIO               this one and not all; may be given several times
  --against RNG_URL HASHER_URL  measure another implementation, which is running there, with the yardstick's loops
  --json                        print JSON
  --help                        print this

Scenarios:
${names.join('\n')}
`

/** Reads the command line. Throws UsageError for what it does not understand. */
export function parseOptions(args: string[]): Options | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  const options: Options = {
    runs: amount('--runs', values.runs ?? '5', /^[1-9]\d{0,2}$/, 'a whole number from 1 to 999'),
    seconds: amount(
      '--seconds',
      values.seconds ?? '3',
      /^(?=.*[1-9])\d{1,4}(\.\d+)?$/,
      'seconds above 0 and below 10000',
    ),
    only: values.only ?? usual,
    json: values.json ?? false,
  }
  const unknown = options.only.find((name) => !Object.hasOwn(scenarios, name))
  if (unknown !== undefined)
    throw new UsageError(`--only: expected one of ${Object.keys(scenarios).join(', ')}, got "${unknown}"`)
  const urls = [values.against, ...positionals].filter((url) => url !== undefined)
  if (urls.length === 0) return options
  if (values.against === undefined)
    throw new UsageError(`expected options, got "${positionals[0]}": npm run bench -- --help`)
  if (!options.only.includes('loops'))
    throw new UsageError(
      '--against: expected the scenario loops among those of --only, for it alone measures another implementation',
    )
  const [rng, hasher] = urls
  if (urls.length !== 2 || !urls.every((url) => /^https?:/.test(url) && URL.canParse(url)))
    throw new UsageError(`--against: expected two URLs, of rng and hasher, got "${urls.join(' ')}"`)
  return { ...options, against: { rng: rng!, hasher: hasher! } }
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    runs: text,
    seconds: text,
    only: { ...text, multiple: true },
    against: text,
    json: flag,
    help: flag,
  } as const
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Node's first sentence names the option; those after it are about programming.
    throw new UsageError((error as Error).message.split(/\.\s/)[0])
  }
}

function amount(option: string, value: string, pattern: RegExp, expected: string): number {
  if (pattern.test(value)) return Number(value)
  throw new UsageError(`${option}: expected ${expected}, got "${value}"`)
}
