import { join, resolve } from 'node:path'

import { DEFAULT_PORT, LocalError, type LocalOptions, type Scale } from './options.ts'
import { repository, serviceNames, type ServiceName, type SpawnOptions } from './spawn-service.ts'

/** One process to run. */
export interface ProcessPlan extends Pick<SpawnOptions, 'service' | 'entry' | 'env'> {
  /** As Compose names them: `rng-2`. */
  name: string
  port: number
  /** Where this machine reaches it. */
  url: string
  /** How long after the others it is started, in milliseconds. */
  startAfterMs?: number
}

/** Everything that is to run, and where. */
export type Plan = ReturnType<typeof planLocal>

/** On few processors an earlier dashboard would delay the first hash. */
const WEBUI_AFTER_MS = 250

/** The ports of the classic's Compose file, which the first processes have whatever else runs. */
const firstPorts: Partial<Record<ServiceName, number>> = { webui: 0, rng: 1, hasher: 2 }
const furtherPorts = ['rng', 'hasher', 'webui', 'worker'] as const

/** Turns options into processes. Those of `running` keep their ports. */
export function planLocal(options: LocalOptions, env: NodeJS.ProcessEnv, running: ProcessPlan[] = []) {
  const base = options.port ?? DEFAULT_PORT
  const host = env['HOST'] ?? '127.0.0.1'
  const ledger = chooseLedger(options, env, base)
  const places = placeProcesses(base, options.scale ?? {}, new Map(running.map(({ name, port }) => [name, port])))
  const shared = {
    ...env,
    HOST: host,
    LOG_FORMAT: env['LOG_FORMAT'] ?? 'text',
    // In a container, too, where the services would detect the container.
    PLATFORM: env['PLATFORM'] ?? 'local',
  }
  const pause = env['WORKER_DELAY_MS'] === undefined ? {} : { DELAY_MS: env['WORKER_DELAY_MS'] }
  const usesLedger = { LEDGER_URL: ledger.ledgerUrl }
  const further: Partial<Record<ServiceName, NodeJS.ProcessEnv>> = {
    webui: { ...usesLedger, BASE_PORT: `${base}` },
    worker: {
      ...usesLedger,
      ...pause,
      RNG_URL: urls('rng', env['RNG_URL']),
      HASHER_URL: urls('hasher', env['HASHER_URL']),
    },
  }
  const processes = places.map(({ service, name, port }): ProcessPlan => ({
    name,
    service,
    port,
    url: urlOf(host, port),
    env: { ...shared, PORT: `${port}`, HOSTNAME: name, ...further[service] },
    ...(service === 'webui' && { startAfterMs: WEBUI_AFTER_MS }),
  }))
  return { base, host, processes, ...ledger }

  /** With a service scaled to 0, its own variable applies; without that the usual address. */
  function urls(service: 'rng' | 'hasher', own = urlOf(host, base + (firstPorts[service] ?? 0))): string {
    const all = places.filter((place) => place.service === service).map(({ port }) => urlOf(host, port))
    return all.join() || own
  }
}

/** Where each process is reached, by service. */
export function urlsOf({ processes }: Plan): Record<ServiceName, string[]> {
  const of = (name: ServiceName) => processes.filter(({ service }) => service === name).map(({ url }) => url)
  return { webui: of('webui'), rng: of('rng'), hasher: of('hasher'), worker: of('worker') }
}

function chooseLedger({ redis, data }: LocalOptions, env: NodeJS.ProcessEnv, base: number) {
  const url = redis ?? (data === undefined ? (env['LEDGER_URL'] ?? env['REDIS_URL']) : undefined)
  if (url !== undefined) return { ledgerUrl: url, dataFolder: undefined }
  const dataFolder = data === undefined ? join(repository, '.data', `${base}`) : resolve(data)
  return { ledgerUrl: `file:${join(dataFolder, 'ledger.db')}`, dataFolder }
}

function placeProcesses(base: number, scale: Scale, ports: Map<string, number>) {
  const taken = new Set(ports.values())
  let next = base + 3
  const nextPort = () => {
    while (taken.has(next)) next++
    return next++
  }
  const places = furtherPorts.flatMap((service) =>
    Array.from({ length: scale[service] ?? 1 }, (_, index) => {
      const name = `${service}-${index + 1}`
      const offset = index === 0 ? firstPorts[service] : undefined
      return { service, name, port: ports.get(name) ?? (offset === undefined ? nextPort() : base + offset) }
    }),
  )
  if (places.length === 0) throw new LocalError('scale: expected at least one process, got none', 2)
  if (next - 1 > 65_535) {
    throw new LocalError(`--port: expected at most ${65_535 - (next - 1 - base)} for so many processes, got ${base}`, 2)
  }
  return places.toSorted((a, b) => serviceNames.indexOf(a.service) - serviceNames.indexOf(b.service))
}

/** A process that listens on all addresses is reached on this machine's own. */
function urlOf(host: string, port: number): string {
  const everywhere: Record<string, string> = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '[::1]' }
  const reachable = everywhere[host] ?? (host.includes(':') ? `[${host}]` : host)
  return `http://${reachable}:${port}`
}
