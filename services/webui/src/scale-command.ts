/** What runs the services; 'container' is one that is not known further. */
export const platforms = ['local', 'compose', 'swarm', 'kubernetes', 'container'] as const
export type Platform = (typeof platforms)[number]

/** How the application was started: commands reach this copy of it, and keep its settings. */
export interface Start {
  platform: Platform
  /** The port that `npm start` was given. */
  basePort: number
  /** Variables of the shell from which it was started. */
  variables: Record<string, string>
}

/** How the application is set up, or could be. */
export interface Plan {
  workers: number
  /** Loops of each worker. */
  loops: number
  /** Hashes of each unit of work. */
  batch: number
  rng: number
  hasher: number
  /** The pause before each unit of work, in milliseconds. */
  delayMs: number
}

/** Advice never names more replicas of a service; `npm run scale` takes no more. */
const MAX_SCALE = 100
const DEFAULT_PORT = 8000
const DEFAULT_DELAY_MS = 100
/** Variables of the services that the shell may set. */
const ofServices = [
  'DEBUG',
  'DELAY_MS',
  'CONCURRENCY',
  'MAX_COINS',
  'FRAME_ANCESTORS',
  'FAULTS',
  'LABEL',
  'COLOR',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
]
/** Variables that a command has to repeat, because it starts all services again or must find them. */
export const keptVariables: Partial<Record<Platform, string[]>> = {
  local: ['HOST', ...ofServices],
  // As compose.yaml passes them on.
  compose: [
    ...ofServices,
    'COMPOSE_PROJECT_NAME',
    'WEBUI_PORT',
    'HOST_IP',
    'CONTAINER_PORT',
    'REGISTRY',
    'TAG',
    'REDIS_IMAGE',
  ],
  kubernetes: ['NAMESPACE'],
}
/** What compose.yaml, `npm start` and npm itself set, and the namespace that kubectl uses anyway. */
const NOT_GIVEN = /=$|^COMPOSE_PROJECT_NAME=dockercoins$|^NAMESPACE=default$|^HOST=127\.0\.0\.1$|^COLOR=[01]$/

/** Detects the platform by the environment and the files that container engines add. */
export function detectPlatform(env: NodeJS.ProcessEnv, exists: (path: string) => boolean): Platform {
  if (env['KUBERNETES_SERVICE_HOST']) return 'kubernetes'
  return exists('/.dockerenv') || exists('/run/.containerenv') ? 'container' : 'local'
}

/** The variables of `env` that a command has to repeat. */
export function findVariables(platform: Platform, env: NodeJS.ProcessEnv): Record<string, string> {
  const all = (keptVariables[platform] ?? []).map((name) => [name, env[name] ?? ''])
  return Object.fromEntries(all.filter((assignment) => !NOT_GIVEN.test(assignment.join('='))))
}

/**
 * The shell commands that turn `current` into `wanted`; none on an unknown platform. In Swarm the
 * stack is assumed to be named dockercoins.
 */
export function findCommands(start: Start, current: Plan, wanted: Plan): string[] {
  const counts = countsOf(current, wanted)
  const changed = counts.filter(({ count, before }) => count !== before)
  const settings = [
    ...(wanted.loops === current.loops ? [] : [`LOOPS=${wanted.loops}`]),
    ...(wanted.delayMs === current.delayMs ? [] : [`DELAY_MS=${wanted.delayMs}`]),
  ]
  if (changed.length + settings.length === 0) return []
  switch (start.platform) {
    case 'kubernetes': {
      const { NAMESPACE } = start.variables
      const kubectl = NAMESPACE ? `kubectl --namespace ${NAMESPACE}` : 'kubectl'
      const scale = changed.map(({ name, count }) => `${kubectl} scale deployment ${name} --replicas=${count}`)
      return settings.length === 0 ? scale : [...scale, `${kubectl} set env deployment/worker ${settings.join(' ')}`]
    }
    case 'swarm': {
      const scale = changed.map(({ name, count }) => ` dockercoins_${name}=${count}`).join('')
      const flags = settings.map((setting) => ` --env-add ${setting}`).join('')
      return [
        ...(scale ? [`docker service scale${scale}`] : []),
        ...(flags ? [`docker service update${flags} dockercoins_worker`] : []),
      ]
    }
    case 'local':
      return [
        settings.length === 0
          ? ['npm run scale --', ...portOf(start), ...changed.map(({ name, count }) => `${name}=${count}`)].join(' ')
          : [...assignments(start, current, wanted), startCommand(start, counts)].join(' '),
      ]
    case 'compose':
      return [composeCommand(start, assignments(start, current, wanted), counts)]
    default:
      return []
  }
}

/** What a viewer should know of a command that changes more than numbers of replicas. */
export function describeRestart({ platform }: Start, current: Plan, wanted: Plan): string | undefined {
  if (wanted.loops === current.loops && wanted.delayMs === current.delayMs) return undefined
  return platform === 'local'
    ? 'Stop the application first (^C). Add options of your own, such as --data.'
    : 'This restarts the workers.'
}

interface Count {
  name: 'worker' | 'rng' | 'hasher'
  before: number
  count: number
}

/** The number of each service now and as it is wanted. */
function countsOf(current: Plan, wanted: Plan): Count[] {
  return (['workers', 'rng', 'hasher'] as const).map((key) => {
    const before = current[key]
    // Within the bound, but where more run already the bound takes none away.
    const count = Math.min(wanted[key], Math.max(MAX_SCALE, before))
    return { name: key === 'workers' ? 'worker' : key, before, count }
  })
}

function portOf({ basePort }: Start): string[] {
  return basePort === DEFAULT_PORT ? [] : [`--port ${basePort}`]
}

function startCommand(start: Start, counts: Count[]): string {
  const scale = counts.filter(({ count }) => count !== 1).map(({ name, count }) => `--scale ${name}=${count}`)
  const options = [...portOf(start), ...scale]
  return options.length === 0 ? 'npm start' : `npm start -- ${options.join(' ')}`
}

/** Compose would scale a service that is not named back to one. */
function composeCommand(start: Start, settings: string[], counts: Count[]): string {
  const named = counts.filter(({ count, before }) => count > 1 || count !== before)
  const scale = named.map(({ name, count }) => `--scale ${name}=${count}`)
  // One port of the machine does not serve several containers, nor a second copy.
  const isCopy = start.variables['COMPOSE_PROJECT_NAME'] !== undefined
  const unpublished = counts.filter(({ name, count }) => name !== 'worker' && (count > 1 || isCopy))
  const ports = unpublished.map(({ name }) => `${name.toUpperCase()}_PORT=0`)
  return [...ports, ...settings, 'docker compose up -d', ...scale].join(' ')
}

/** Variables for a command that starts all services again, those that are not the default. */
function assignments({ variables: given }: Start, current: Plan, { loops, batch, delayMs }: Plan): string[] {
  const sharedDelayMs = Number(given['DELAY_MS'] ?? DEFAULT_DELAY_MS)
  const ofWorkers = {
    ...((loops > 1 || loops !== current.loops) && { LOOPS: loops }),
    ...(batch > 1 && { BATCH: batch }),
    // `DELAY_MS` is that of all services. The pause is not known before a unit of work used rng.
    ...(current.rng > 0 && delayMs !== sharedDelayMs && { WORKER_DELAY_MS: delayMs }),
  }
  return Object.entries({ ...given, ...ofWorkers }).map(([name, value]) => `${name}=${quote(`${value}`)}`)
}

/** A word for a shell. */
function quote(word: string): string {
  return /^[\w.,:/-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
