import type { EventEmitter } from 'node:events'

/**
 * npm hands on each SIGINT and SIGTERM that it gets, and on ^C the terminal has already sent one to all of us: what comes
 * within this time of the first, in milliseconds, is the same key pressed once.
 */
export const SAME_KEYPRESS_MS = 250

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Stops politely on the first signal, at once on a second. */
export function stopOnSignals(
  local: { stop(): unknown; kill(): unknown },
  source: EventEmitter = process,
  now = () => performance.now(),
): void {
  let firstAt: number | undefined

  for (const signal of signals) source.on(signal, onSignal)

  function onSignal(): void {
    if (firstAt === undefined) {
      firstAt = now()
      void local.stop()
    } else if (now() - firstAt > SAME_KEYPRESS_MS) void local.kill()
  }
}
