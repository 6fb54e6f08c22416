const FIRST_MS = 100
const LONGEST_MS = 2_000

/** Milliseconds to pause after so many failures in a row: doubling to a limit, and jittered so that many do not return at once. */
export function backoffMs(failures: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1))
  return longest * (0.5 + Math.random() / 2)
}
