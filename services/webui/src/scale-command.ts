/** What runs the services; 'container' is one of which no more is known. */
export const platforms = ['local', 'compose', 'swarm', 'kubernetes', 'container'] as const
export type Platform = (typeof platforms)[number]
export type Scale = Partial<Record<'worker' | 'rng' | 'hasher', number>>

/** More than this of a service nobody is advised to run; `npm run scale` takes no more. */
const MAX_SCALE = 100

/** Where the process runs, as far as its environment and the files that container engines add tell. */
export function detectPlatform(env: NodeJS.ProcessEnv, exists: (path: string) => boolean): Platform {
  if (env['KUBERNETES_SERVICE_HOST']) return 'kubernetes'
  return exists('/.dockerenv') || exists('/run/.containerenv') ? 'container' : 'local'
}

/**
 * The shell command that changes the numbers of replicas from `current` to `wanted`, in the words of the platform;
 * undefined where the platform is not known. In Swarm the stack is taken to be named dockercoins.
 */
export function scaleCommand(platform: Platform, current: Scale, wanted: Scale): string | undefined {
  if (platform === 'container') return undefined
  const services = Object.entries(wanted)
  if (platform === 'kubernetes') {
    return services
      .map(([service, count]) => `kubectl scale deployment ${service} --replicas=${atMost(count)}`)
      .join(' && ')
  }
  if (platform === 'swarm') {
    return `docker service scale ${services.map(([service, count]) => `dockercoins_${service}=${atMost(count)}`).join(' ')}`
  }
  if (platform === 'local') {
    // A second terminal changes what runs; `--port` is not known here.
    return `npm run scale -- ${services.map(([service, count]) => `${service}=${atMost(count)}`).join(' ')}`
  }
  // Compose takes a service that is not named back to one.
  const counts = Object.entries({ ...current, ...wanted }).filter(
    ([service, count]) => count > 1 || Object.hasOwn(wanted, service),
  )
  const flags = counts.map(([service, count]) => `--scale ${service}=${atMost(count)}`).join(' ')
  // One port of the machine does not serve several containers.
  const ports = counts.filter(([service, count]) => service !== 'worker' && count > 1)
  return [...ports.map(([service]) => `${service.toUpperCase()}_PORT=0`), `docker compose up -d ${flags}`].join(' ')
}

function atMost(count: number): number {
  return Math.min(count, MAX_SCALE)
}
