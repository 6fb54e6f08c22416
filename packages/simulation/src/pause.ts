import { setTimeout as sleep } from 'node:timers/promises'

/** The most that a pause makes up for, in milliseconds. */
const LONGEST_DEBT_MS = 5

/**
 * A pause of `delayMs` milliseconds that is right on average: it makes up for how late the one
 * before it ended, which would otherwise show in the speed. Lateness is measured at the next turn of
 * the event loop, or at the next pause if that begins earlier. Rejects when `signal` fires.
 */
export function createPause(config: { delayMs: number }): (signal: AbortSignal) => Promise<void> {
  let lateMs = 0
  let unmeasured: (() => void) | undefined

  return async (signal) => {
    unmeasured?.()
    const ms = config.delayMs - lateMs
    const due = performance.now() + ms
    await sleep(Math.max(0, ms), undefined, { signal })
    const measure = () => {
      lateMs = Math.min(performance.now() - due, LONGEST_DEBT_MS)
      unmeasured = undefined
    }
    unmeasured = measure
    setImmediate(() => unmeasured === measure && measure())
  }
}
