import { parseArgs } from 'node:util'

export const usage = `Breaks rng or hasher on purpose, for a while. They must run with FAULTS=allow (docs/faults.md).

Usage: npm run fault -- SERVICE [FAULTS] [OPTIONS]      SERVICE: rng or hasher
       npm run fault -- SERVICE --off                   ends the fault before its time

Faults, one or more:
  --slower 200ms    each request takes so much longer to serve (to 10s)
  --errors 10%      so many requests get the status code 500
  --hang 10%        so many requests get no response before the fault ends
  --cut 10%         so many responses lack the second half of their body
  --cpu 50%         a part of a processor is kept busy
  --memory 100MB    so much memory is kept (to 1024MB); beyond its limit a container is killed
  --unready         the readiness probe fails

Options:
  --for 30s         the fault ends by itself after so long (1s to 60m, default 30s)
  --one             break the first replica, not all
  --port BASE       the replicas of npm start on this port (default 8000)
  --compose         those of Docker Compose; also if nothing of npm start runs on port 8000
  --namespace NAME  those in this namespace of Kubernetes
  --help            print this

Example: npm run fault -- rng --errors 10% --for 30s`

/** What `PUT /faults` takes. */
export interface Fault {
  slowerMs?: number
  errors?: number
  hang?: number
  cut?: number
  cpu?: number
  memoryMb?: number
  unready?: true
  seconds: number
}

/** Which application: of `npm start`, of Compose, in a namespace of Kubernetes, or whichever runs. */
export type Where = { port: number } | { namespace: string } | 'compose' | 'any'

export interface Command {
  service: 'rng' | 'hasher'
  /** undefined: end the current one. */
  fault: Fault | undefined
  isForOne: boolean
  where: Where
}

const EXAMPLE = 'npm run fault -- rng --errors 10%'

/** Reads the command line. Throws an error of one line when it is not valid. */
export function parseCommand(args: string[]): Command | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  const [service, more] = positionals
  if ((service !== 'rng' && service !== 'hasher') || more !== undefined)
    throw new Error(`expected one service, rng or hasher, got ${JSON.stringify(positionals.join(' '))}: ${EXAMPLE}`)
  const faults = parseFaults(values)
  const hasFault = Object.keys(faults).length > 0
  if (hasFault === (values.off === true))
    throw new Error(`expected a fault such as --errors 10%, or --off, got ${hasFault ? 'both' : 'neither'}: ${EXAMPLE}`)
  const seconds = parseSeconds(values.for ?? '30s')
  return {
    service,
    fault: hasFault ? { ...faults, seconds } : undefined,
    isForOne: values.one === true,
    where: parseWhere(values),
  }
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const faults = { slower: text, errors: text, hang: text, cut: text, cpu: text, memory: text, unready: flag }
  const options = { ...faults, off: flag, for: text, one: flag, port: text, compose: flag, namespace: text, help: flag }
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Further sentences are about programming.
    throw new Error((error as Error).message.split(/\.\s/)[0], { cause: error })
  }
}

type Values = ReturnType<typeof parse>['values']

function parseFaults({ slower, errors, hang, cut, cpu, memory, unready }: Values): Omit<Fault, 'seconds'> {
  return {
    ...(slower !== undefined && { slowerMs: parseMs(slower) }),
    ...(errors !== undefined && { errors: parseShare('errors', errors) }),
    ...(hang !== undefined && { hang: parseShare('hang', hang) }),
    ...(cut !== undefined && { cut: parseShare('cut', cut) }),
    ...(cpu !== undefined && { cpu: parseShare('cpu', cpu) }),
    ...(memory !== undefined && { memoryMb: parseMegabytes(memory) }),
    ...(unready && { unready }),
  }
}

function parseWhere({ port, compose, namespace }: Values): Where {
  if ([port, compose, namespace].filter((each) => each !== undefined).length > 1)
    throw new Error('expected one of --port, --compose and --namespace, got several')
  if (namespace === '') throw wrong('namespace', 'a name', namespace)
  if (namespace !== undefined) return { namespace }
  if (compose) return 'compose'
  if (port === undefined) return 'any'
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw wrong('port', 'a number from 1 to 65535', port)
  return { port: Number(port) }
}

function parseShare(option: string, value: string): number {
  const percent = /^\d{1,3}%$/.test(value) ? Number.parseInt(value, 10) : 0
  if (percent < 1 || percent > 100) throw wrong(option, 'a share from 1% to 100%', value)
  return percent / 100
}

function parseMs(value: string): number {
  const [, number = '', unit] = /^(\d{1,5})(ms|s)$/.exec(value) ?? []
  const ms = Number(number) * (unit === 's' ? 1000 : 1)
  if (ms < 1 || ms > 10_000) throw wrong('slower', 'a duration from 1ms to 10s', value)
  return ms
}

function parseMegabytes(value: string): number {
  const megabytes = /^\d{1,4}MB$/i.test(value) ? Number.parseInt(value, 10) : 0
  if (megabytes < 1 || megabytes > 1024) throw wrong('memory', 'a size from 1MB to 1024MB', value)
  return megabytes
}

function parseSeconds(value: string): number {
  const [, number = '', unit] = /^(\d{1,4})(s|m)$/.exec(value) ?? []
  const seconds = Number(number) * (unit === 'm' ? 60 : 1)
  if (seconds < 1 || seconds > 3600) throw wrong('for', 'a duration from 1s to 60m', value)
  return seconds
}

function wrong(option: string, expected: string, got: string): Error {
  return new Error(`--${option}: expected ${expected}, got ${JSON.stringify(got.slice(0, 100))}`)
}
