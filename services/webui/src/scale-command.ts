export const platforms = ['local', 'compose', 'kubernetes'] as const
export type Platform = (typeof platforms)[number]
export type Scale = Partial<Record<'worker' | 'rng' | 'hasher', number>>

/** More than this of a service nobody is advised to run; `npm start` takes no more. */
const MAX_SCALE = 100

/** The shell command that changes the numbers of replicas from `current` to `wanted`, in the words of the platform. */
export function scaleCommand(platform: Platform, current: Scale, wanted: Scale): string {
  if (platform === 'kubernetes') {
    return Object.entries(wanted)
      .map(([service, count]) => `kubectl scale deployment ${service} --replicas=${atMost(count)}`)
      .join(' && ')
  }
  // Both would take a service that is not named back to one.
  const counts = Object.entries({ ...current, ...wanted }).filter(
    ([service, count]) => count > 1 || Object.hasOwn(wanted, service),
  )
  const flags = counts.map(([service, count]) => `--scale ${service}=${atMost(count)}`).join(' ')
  if (platform === 'local') return `npm start -- ${flags}`
  // One port of the machine does not serve several containers.
  const ports = counts.filter(([service, count]) => service !== 'worker' && count > 1)
  return [...ports.map(([service]) => `${service.toUpperCase()}_PORT=0`), `docker compose up -d ${flags}`].join(' ')
}

function atMost(count: number): number {
  return Math.min(count, MAX_SCALE)
}
