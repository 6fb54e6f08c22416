import { setTimeout as sleep } from 'node:timers/promises'

/** The most that a pause makes up for, in milliseconds. */
const LONGEST_DEBT_MS = 5

/**
 * A pause of `ms` milliseconds that is right on average. A timer fires up to two milliseconds late,
 * and what the process does next takes time too. Over many units of work that would show in the
 * speed, so each pause makes up for the time between the due end of the one before it and the next
 * turn of the event loop, or the start of this pause if that is earlier. Rejects when `signal`
 * fires.
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
