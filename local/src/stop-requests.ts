import type { EventEmitter } from 'node:events'

/**
 * npm passes on each SIGINT and SIGTERM, and on ^C the terminal has already sent one to the runner:
 * a signal within this time of the first is the same key press. Milliseconds.
 */
export const SAME_KEYPRESS_MS = 250
const CHECK_PARENT_MS = 250
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

export interface Stoppable {
  stop(): unknown
  kill(): unknown
}

/** Stops in order on the first signal, and kills on a second. */
export function stopOnSignals(local: Stoppable, source: EventEmitter = process, now = () => performance.now()): void {
  let firstAt: number | undefined
  for (const signal of signals) {
    source.on(signal, () => {
      if (firstAt !== undefined && now() - firstAt > SAME_KEYPRESS_MS) local.kill()
      if (firstAt === undefined) local.stop()
      firstAt ??= now()
    })
  }
}

/**
 * Stops when npm, or the shell in which it started the runner, is gone: a shell does not pass on
 * signals, and SIGKILL cannot be passed on. Other parents than npm may exit first.
 */
export function stopWithNpm(local: Pick<Stoppable, 'stop'>, env = process.env, parent = () => process.ppid): void {
  if (env['npm_lifecycle_event'] === undefined) return
  const npm = parent()
  const timer = setInterval(() => {
    if (parent() === npm) return
    clearInterval(timer)
    local.stop()
  }, CHECK_PARENT_MS).unref()
}
