import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'

import { redactUrl } from '@dockercoins/service/settings'

import { serviceNames, type ServiceName } from './spawn-service.ts'

/** Processes per service, 0 to 100. */
export type Scale = Partial<Record<ServiceName, number>>

/** What may be chosen; `usage` has the meanings and defaults. */
export interface LocalOptions {
  scale?: Scale
  port?: number
  data?: string | undefined
  redis?: string | undefined
  fresh?: boolean | undefined
  quiet?: boolean | undefined
  watch?: boolean | undefined
}

/** An error that the user can correct, in one line. The exit code is 2 for a wrong option. */
export class LocalError extends Error {
  override name = 'LocalError'
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

export const DEFAULT_PORT = 8000
const MAX_SCALE = 100
const services = serviceNames.join(', ')

export const usage = `Runs all of DockerCoins on this machine, without Docker. ^C stops it.

Usage: npm start [-- OPTIONS]
       npm run scale -- [--port BASE] SERVICE=N...   change what runs, from a second terminal

Options:
  --scale SERVICE=N  run N processes of a service: ${services} (0 to ${MAX_SCALE}, default 1);
                     may be given several times
  --port BASE        port of the dashboard (default ${DEFAULT_PORT}); rng has BASE+1, hasher BASE+2,
                     every further process the next one
  --data DIR         folder of the ledger (default .data/BASE)
  --redis URL        keep the ledger in this Redis instead; LEDGER_URL in the environment does the same
  --fresh            begin at 0: remove the ledger in .data/BASE
  --quiet            print warnings and errors alone
  --watch            restart a service when its source changes; npm run dev does the same
  --help             print this

Examples:
  npm start
  npm start -- --scale worker=10 --scale rng=3
  npm run scale -- worker=10 rng=3                 the same, while it runs
  npm start -- --port 8100                         a second copy beside the first
  npm start -- --redis redis://localhost:6379

The services' own variables (DELAY_MS, LOOPS, ...) pass through: DELAY_MS=0 npm start
`

const START_EXAMPLE = 'npm start -- --scale worker=10'
const SCALE_EXAMPLE = 'npm run scale -- --port 8100 worker=10'
const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const help = { type: 'boolean', short: 'h' } as const
const scale = { type: 'string', multiple: true } as const
const startOptions = { scale, port: text, redis: text, data: text, fresh: flag, quiet: flag, watch: flag, help }

/** Reads the command line of `npm start`. Throws LocalError for what it does not understand. */
export function parseOptions(args: string[], env: NodeJS.ProcessEnv = {}): LocalOptions | 'help' {
  const { values, positionals } = parse(args, startOptions, env, START_EXAMPLE)
  if (values.help) return 'help'
  if (positionals[0] !== undefined) throw misplaced(positionals[0], START_EXAMPLE)
  const { port, redis, data, fresh } = values
  if (redis !== undefined && data !== undefined)
    throw wrong('expected --redis or --data, got both: there is one ledger')
  if (fresh && (redis ?? data ?? env['LEDGER_URL'] ?? env['REDIS_URL']) !== undefined) {
    throw wrong('--fresh: expected the ledger in .data, got another by --data, --redis, LEDGER_URL or REDIS_URL')
  }
  if (redis !== undefined && !/^(rediss?:\/\/|file:)./.test(redis)) {
    throw wrong(`--redis: expected a URL such as redis://localhost:6379, got ${quote(redis)}`)
  }
  if (data === '') throw wrong('--data: expected a folder, got ""')
  return { ...values, scale: parseScale(values.scale ?? [], '--scale'), port: parsePort(port) }
}

/** Reads the command line of `npm run scale`, likewise. */
export function parseScaleCommand(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): { port: number; scale: Scale } | 'help' {
  const { values, positionals } = parse(args, { port: text, help }, env, SCALE_EXAMPLE)
  if (values.help) return 'help'
  if (positionals.length === 0) throw wrong('scale: expected SERVICE=N, got nothing: npm run scale -- worker=10 rng=3')
  return { port: parsePort(values.port), scale: parseScale(positionals, 'scale') }
}

function parse<T extends ParseArgsOptionsConfig>(args: string[], options: T, env: NodeJS.ProcessEnv, example: string) {
  // npm keeps options for itself unless `--` comes first, and passes on the words after them.
  const kept = Object.keys(options).find((option) => option !== 'help' && env[`npm_config_${option}`] !== undefined)
  if (kept !== undefined) throw misplaced(`--${kept}`, example)
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Node's first sentence names the option; those after it are about programming.
    throw wrong((error as Error).message.split(/\.\s/)[0] ?? '')
  }
}

/** Parses words such as `worker=10`. `what` begins the error. */
export function parseScale(values: string[], what: string): Scale {
  const counts = values.map((value) => {
    const [, name, count] = /^([^=]*)=(\d{1,3})$/.exec(value) ?? []
    const service = serviceNames.find((known) => known === name)
    if (service && Number(count) <= MAX_SCALE) return [service, Number(count)] as const
    const expected = `SERVICE=N, with SERVICE one of ${services} and N from 0 to ${MAX_SCALE}`
    throw wrong(`${what}: expected ${expected}, got ${quote(value)}`)
  })
  return Object.fromEntries(counts)
}

function parsePort(value = `${DEFAULT_PORT}`): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (port < 1 || port > 65_535) throw wrong(`--port: expected a number from 1 to 65535, got ${quote(value)}`)
  return port
}

function misplaced(word: string, example: string): LocalError {
  return wrong(`expected options after a --, got ${quote(word)}: ${example}`)
}

function wrong(message: string): LocalError {
  return new LocalError(`${message} (npm start -- --help lists the options)`, 2)
}

/** A value fit for one line, without the password of a URL. */
function quote(value: string): string {
  return JSON.stringify(redactUrl(value).slice(0, 200))
}
