import { setTimeout as sleep } from 'node:timers/promises'

/** However late one pause was, the next makes up for this much at most, in milliseconds. */
const LONGEST_DEBT_MS = 5

/**
 * A pause of `ms` milliseconds that is right on average. A timer fires up to a millisecond or two late; over many units of
 * work that would show in the speed, so each pause makes up for how late the one before it was. Rejects when `signal` fires.
 */
export function createPause(ms: number): (signal: AbortSignal) => Promise<void> {
  let lateMs = 0
  return async (signal) => {
    const due = performance.now() + ms - lateMs
    await sleep(ms - lateMs, undefined, { signal })
    lateMs = Math.min(performance.now() - due, LONGEST_DEBT_MS)
  }
}
