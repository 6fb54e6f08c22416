/** What runs the services; 'container' is one that is not known further. */
export const platforms = ['local', 'compose', 'swarm', 'kubernetes', 'container'] as const
export type Platform = (typeof platforms)[number]
export type Scale = Partial<Record<'worker' | 'rng' | 'hasher', number>>

/** Advice never names more replicas of a service; `npm run scale` takes no more. */
const MAX_SCALE = 100

/** Detects the platform by the environment and the files that container engines add. */
export function detectPlatform(env: NodeJS.ProcessEnv, exists: (path: string) => boolean): Platform {
  if (env['KUBERNETES_SERVICE_HOST']) return 'kubernetes'
  return exists('/.dockerenv') || exists('/run/.containerenv') ? 'container' : 'local'
}

/**
 * The shell command that changes the numbers of replicas from `current` to `wanted`; undefined on
 * an unknown platform. In Swarm the stack is assumed to be named dockercoins.
 */
export function scaleCommand(platform: Platform, current: Scale, wanted: Scale): string | undefined {
  const services = toCounts(wanted, current)
  switch (platform) {
    case 'kubernetes':
      return services.map(([name, count]) => `kubectl scale deployment ${name} --replicas=${count}`).join(' && ')
    case 'swarm':
      return ['docker service scale', ...services.map(([name, count]) => `dockercoins_${name}=${count}`)].join(' ')
    case 'local':
      // `--port` is not known here.
      return ['npm run scale --', ...services.map(([name, count]) => `${name}=${count}`)].join(' ')
    case 'compose':
      return composeCommand(toCounts({ ...current, ...wanted }, current), wanted)
    default:
      return undefined
  }
}

/** Compose would scale a service that is not named back to one. */
function composeCommand(all: [name: string, count: number][], wanted: Scale): string {
  const counts = all.filter(([name, count]) => count > 1 || Object.hasOwn(wanted, name))
  const flags = counts.map(([name, count]) => `--scale ${name}=${count}`).join(' ')
  // One port of the machine does not serve several containers.
  const ports = counts.filter(([name, count]) => name !== 'worker' && count > 1)
  return [...ports.map(([name]) => `${name.toUpperCase()}_PORT=0`), `docker compose up -d ${flags}`].join(' ')
}

/** Within the bound, but where more run already the bound takes none away. */
function toCounts(scale: Scale, current: Scale): [name: string, count: number][] {
  return Object.entries(scale).map(([name, count]) => {
    const most = Math.max(MAX_SCALE, current[name as keyof Scale] ?? 0)
    return [name, Math.min(count, most)]
  })
}
