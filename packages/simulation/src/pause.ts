import { setTimeout as sleep } from 'node:timers/promises'

/** However late one pause was, the next makes up for this much at most, in milliseconds. */
const LONGEST_DEBT_MS = 5

/**
 * A pause of `ms` milliseconds that is right on average. A timer fires up to a millisecond or two late, and what the
 * process does next, such as writing its answer, takes time too; over many units of work that would show in the speed. So
 * each pause makes up for the time that went by between the end that the one before it should have had and the next turn of
 * the event loop, or the start of another pause where that comes sooner. Rejects when `signal` fires.
 */
export function createPause(ms: number): (signal: AbortSignal) => Promise<void> {
  let lateMs = 0
  let unmeasured: (() => void) | undefined

  return async (signal) => {
    unmeasured?.()
    const due = performance.now() + ms - lateMs
    await sleep(Math.max(0, ms - lateMs), undefined, { signal })
    const measure = () => {
      lateMs = Math.min(performance.now() - due, LONGEST_DEBT_MS)
      unmeasured = undefined
    }
    unmeasured = measure
    setImmediate(() => {
      if (unmeasured === measure) measure()
    })
  }
}
