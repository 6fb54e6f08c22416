// A browser may forbid a page to store anything: a choice then lasts until the page is closed.

/** What was kept under `name`, if anything. */
export function recall(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined
  } catch {
    return undefined
  }
}

/** Keeps `value` for the next visit, if the browser lets us. */
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {}
}
