/** A page that is not the server's loads itself again, but not more often than this within a minute: two versions may answer in turn. */
const MOST_RELOADS = 3
const WITHIN_MS = 60_000

/** The moments of the reloads so far, with one at `now` added; undefined where there were enough within the last minute. */
export function planReload(before: unknown, now: number): number[] | undefined {
  const recent = Array.isArray(before)
    ? before.filter((at): at is number => typeof at === 'number' && Math.abs(now - at) < WITHIN_MS)
    : []
  return recent.length < MOST_RELOADS ? [...recent, now] : undefined
}

/** Loads this page again if it may, and its server answers. The tab's history keeps count: it needs no permission. */
export async function reloadPage(): Promise<void> {
  const reloads = planReload((history.state as { reloads?: unknown } | null)?.reloads, Date.now())
  const response = reloads && (await fetch(location.pathname, { cache: 'no-cache' }).catch(() => undefined))
  if (!response?.ok) return
  history.replaceState({ reloads }, '')
  location.reload()
}
