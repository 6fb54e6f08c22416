import { parseArgs } from 'node:util'

import { LocalError } from './local-error.ts'

/** In the order in which Compose's file, and so the ports, have them. */
export const serviceNames = ['webui', 'rng', 'hasher', 'worker'] as const
export type ServiceName = (typeof serviceNames)[number]

/** What may be chosen. What is absent is as in the README's table. */
export interface LocalOptions {
  /** The dashboard's port; every other process has one of those that follow. */
  port?: number
  /** Processes per service, 0 to 100. */
  scale?: Partial<Record<ServiceName, number>>
  /** A Redis for the ledger, in place of the embedded one. */
  redisUrl?: string
  /** Folder of the embedded ledger. */
  dataFolder?: string
  /** Whether to restart a service when its source changes. */
  watch?: boolean
}

export const DEFAULT_PORT = 8000
const MAX_SCALE = 100

export const usage = `Runs all of DockerCoins on this machine, without Docker. ^C stops it.

Usage: npm start [-- OPTIONS]

Options:
  --scale SERVICE=N  run N processes of a service: ${serviceNames.join(', ')} (0 to ${MAX_SCALE}, default 1);
                     may be given several times
  --port BASE        port of the dashboard (default ${DEFAULT_PORT}); rng has BASE+1, hasher BASE+2,
                     every further process the next one
  --data DIR         folder of the ledger (default .data/BASE)
  --redis URL        keep the ledger in this Redis instead; LEDGER_URL in the environment does the same
  --watch            restart a service when its source changes; npm run dev does the same
  --help             print this

Examples:
  npm start
  npm start -- --scale worker=10 --scale rng=3
  npm start -- --port 8100                         a second copy beside the first
  npm start -- --redis redis://localhost:6379

The services' own variables (DELAY_MS, LOOPS, ...) pass through: DELAY_MS=0 npm start
`

/** Reads the command line. Throws LocalError, saying what was expected, for what it does not understand. */
export function parseOptions(args: string[], env: NodeJS.ProcessEnv = {}): LocalOptions | 'help' {
  const kept = ['scale', 'port', 'data', 'redis', 'watch'].find((option) => env[`npm_config_${option}`] !== undefined)
  if (kept !== undefined) throw misplaced(`--${kept}`)
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (positionals.length > 0) throw misplaced(positionals[0] ?? '')
  if (values.redis !== undefined && values.data !== undefined) {
    throw wrong('expected --redis or --data, got both: the ledger is in one place')
  }
  const options: LocalOptions = { scale: Object.fromEntries((values.scale ?? []).map(parseScale)) }
  if (values.watch) options.watch = true
  if (values.port !== undefined) options.port = parsePort(values.port)
  if (values.redis !== undefined) options.redisUrl = parseRedisUrl(values.redis)
  if (values.data !== undefined) options.dataFolder = parseFolder(values.data)
  return options
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  const options = {
    scale: { ...text, multiple: true },
    port: text,
    redis: text,
    data: text,
    watch: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Node's first sentence names the option; those after it are about programming.
    throw wrong(error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error))
  }
}

function parseScale(value: string): [ServiceName, number] {
  const [, name, count] = /^([^=]*)=(\d{1,3})$/.exec(value) ?? []
  const service = serviceNames.find((known) => known === name)
  if (!service || Number(count) > MAX_SCALE) {
    throw wrong(
      `--scale: expected SERVICE=N, with SERVICE one of ${serviceNames.join(', ')} and N from 0 to ${MAX_SCALE}, got ${quote(value)}`,
    )
  }
  return [service, Number(count)]
}

function parsePort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (port < 1 || port > 65_535) throw wrong(`--port: expected a number from 1 to 65535, got ${quote(value)}`)
  return port
}

function parseRedisUrl(value: string): string {
  if (/^(rediss?:\/\/|file:)./.test(value)) return value
  throw wrong(`--redis: expected a URL such as redis://localhost:6379, got ${quote(value)}`)
}

function parseFolder(value: string): string {
  if (value) return value
  throw wrong('--data: expected a folder, got ""')
}

/** npm keeps options for itself unless `--` comes first, and hands on what stood after them. */
function misplaced(word: string): LocalError {
  return wrong(`expected options after a --, got ${quote(word)}: npm start -- --scale worker=10`)
}

function wrong(message: string): LocalError {
  return new LocalError(`${message} (npm start -- --help says more)`, 2)
}

/** A value fit for one line, with no password of a URL shown. */
function quote(value: string): string {
  return JSON.stringify(value.replace(/\/\/[^@]*@/g, '//***@').slice(0, 200))
}
