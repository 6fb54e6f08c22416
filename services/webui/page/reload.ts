/** A page loads itself again at most so often within a minute, because two versions of the server may respond in turn. */
const MAX_RELOADS = 3
const WITHIN_MS = 60_000

/** The moments of the recent reloads and of one more at `now`; undefined where there were enough. */
export function planReload(before: unknown, now: number): number[] | undefined {
  const recent = Array.isArray(before)
    ? before.filter((at): at is number => typeof at === 'number' && Math.abs(now - at) < WITHIN_MS)
    : []
  return recent.length < MAX_RELOADS ? [...recent, now] : undefined
}

/** Loads the page again if it may and the server responds. The tab's history keeps count: that needs no permission to store. */
export async function reloadPage(): Promise<void> {
  const reloads = planReload((history.state as { reloads?: unknown } | null)?.reloads, Date.now())
  const response = reloads && (await fetch(location.pathname, { cache: 'no-cache' }).catch(() => undefined))
  if (!response?.ok) return
  history.replaceState({ reloads }, '')
  location.reload()
}
