import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { LocalError } from './local-error.ts'
import { DEFAULT_PORT, serviceNames, type LocalOptions, type ServiceName } from './options.ts'

/** One process to run. */
export interface ProcessPlan {
  /** As Compose names them: `rng-2`. */
  name: string
  service: ServiceName
  /** Path of the module that node runs. */
  entry: string
  port: number
  /** Where this machine reaches it. */
  url: string
  env: NodeJS.ProcessEnv
  /** How long after the others it is started, in milliseconds. */
  startAfterMs?: number
}

/** All that is to run, and where. */
export interface Plan {
  /** What the processes listen on. */
  host: string
  processes: ProcessPlan[]
  /** LEDGER_URL of those that use the ledger. */
  ledgerUrl: string
  /** The folder that must exist for it, if any. */
  dataFolder?: string
}

/** On few processors the dashboard would hold up the first hash, and nobody looks at it sooner than that. */
const WEBUI_AFTER_MS = 250

/** The folder of this clone. */
export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** The first processes keep the ports that the classic's Compose file gives them, whatever else runs. */
const firstPorts: Partial<Record<ServiceName, number>> = { webui: 0, rng: 1, hasher: 2 }
const furtherPorts = ['rng', 'hasher', 'webui', 'worker'] as const

/** Turns options into processes with their ports and environments; touches nothing. */
export function planLocal(options: LocalOptions, env: NodeJS.ProcessEnv, colours: boolean): Plan {
  const base = options.port ?? DEFAULT_PORT
  const host = env['HOST'] ?? '127.0.0.1'
  const ledger = chooseLedger(options, env, base)
  const processes = placeProcesses(base, options.scale ?? {}).map(({ service, index, port }) => ({
    name: `${service}-${index}`,
    service,
    entry: join(repository, 'services', service, 'src', 'main.ts'),
    port,
    url: urlOf(host, port),
  }))
  const shared = {
    ...env,
    HOST: host,
    LOG_FORMAT: env['LOG_FORMAT'] ?? 'text',
    // Also where this is a container, whose services could not know it.
    PLATFORM: env['PLATFORM'] ?? 'local',
    // Both at once would make node warn of it.
    FORCE_COLOR: colours ? '1' : undefined,
    NO_COLOR: colours ? undefined : '1',
  }
  const wiring = {
    RNG_URL: listUrls('rng', env['RNG_URL'] ?? urlOf(host, base + 1)),
    HASHER_URL: listUrls('hasher', env['HASHER_URL'] ?? urlOf(host, base + 2)),
  }
  return {
    host,
    processes: processes.map((process) => ({
      ...process,
      env: environment(process),
      ...(process.service === 'webui' && { startAfterMs: WEBUI_AFTER_MS }),
    })),
    ...ledger,
  }

  /** Where a service was scaled to 0 the user may run one of their own; else the worker waits for the usual place. */
  function listUrls(service: ServiceName, without: string): string {
    const urls = processes.filter((process) => process.service === service).map(({ url }) => url)
    return urls.length > 0 ? urls.join(',') : without
  }

  function environment({ service, name, port }: { service: ServiceName; name: string; port: number }) {
    return {
      ...shared,
      PORT: `${port}`,
      HOSTNAME: name,
      ...((service === 'worker' || service === 'webui') && { LEDGER_URL: ledger.ledgerUrl }),
      ...(service === 'worker' && wiring),
    }
  }
}

function chooseLedger(
  { redisUrl, dataFolder }: LocalOptions,
  env: NodeJS.ProcessEnv,
  base: number,
): { ledgerUrl: string; dataFolder?: string } {
  const url = redisUrl ?? (dataFolder === undefined ? (env['LEDGER_URL'] ?? env['REDIS_URL']) : undefined)
  if (url !== undefined) return { ledgerUrl: url }
  const folder = dataFolder === undefined ? join(repository, '.data', `${base}`) : resolve(dataFolder)
  return { ledgerUrl: `file:${join(folder, 'ledger.db')}`, dataFolder: folder }
}

interface Place {
  service: ServiceName
  index: number
  port: number
}

function placeProcesses(base: number, scale: Partial<Record<ServiceName, number>>): Place[] {
  const first: Place[] = []
  const further: Place[] = []
  let next = base + 3
  for (const service of furtherPorts) {
    for (let index = 1; index <= (scale[service] ?? 1); index++) {
      const offset = index === 1 ? firstPorts[service] : undefined
      if (offset === undefined) further.push({ service, index, port: next++ })
      else first.push({ service, index, port: base + offset })
    }
  }
  if (first.length + further.length === 0) throw new LocalError('--scale: expected at least one process, got none', 2)
  if (next - 1 > 65_535) {
    throw new LocalError(`--port: expected at most ${65_535 - (next - 1 - base)} for so many processes, got ${base}`, 2)
  }
  const order = ({ service, index }: Place) => serviceNames.indexOf(service) * 1000 + index
  return [...first, ...further].toSorted((a, b) => order(a) - order(b))
}

/** A process that listens on all addresses is reached on this machine's own. */
function urlOf(host: string, port: number): string {
  const everywhere: Record<string, string> = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '[::1]' }
  const reachable = everywhere[host] ?? (host.includes(':') ? `[${host}]` : host)
  return `http://${reachable}:${port}`
}
