/** A page reloads at most so often per minute, because two versions may respond alternately. */
const MAX_RELOADS = 3
const WITHIN_MS = 60_000

/** The moments of recent reloads and of one more at `now`; undefined after enough of them. */
export function planReload(before: unknown, now: number): number[] | undefined {
  const recent = Array.isArray(before)
    ? before.filter((at): at is number => typeof at === 'number' && Math.abs(now - at) < WITHIN_MS)
    : []
  return recent.length < MAX_RELOADS ? [...recent, now] : undefined
}

/**
 * Reloads if allowed and if the server responds. The tab's history keeps count: it needs no
 * storage.
 */
export async function reloadPage(): Promise<void> {
  const reloads = planReload((history.state as { reloads?: unknown } | null)?.reloads, Date.now())
  const response = reloads && (await fetch(location.pathname, { cache: 'no-cache' }).catch(() => undefined))
  if (!response?.ok) return
  history.replaceState({ reloads }, '')
  location.reload()
}
