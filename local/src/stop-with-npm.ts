const LOOK_EVERY_MS = 250

/**
 * Stops when npm, or the shell that it started us with, is gone without a word to us: that shell does not hand on a
 * signal, and SIGKILL cannot be handed on. Does nothing where npm did not start us, and parents may well leave first.
 */
export function stopWithNpm(
  local: { stop(): unknown },
  { env = process.env, parent = () => process.ppid }: { env?: NodeJS.ProcessEnv; parent?: () => number } = {},
): void {
  if (env['npm_lifecycle_event'] === undefined) return
  const npm = parent()
  const timer = setInterval(() => {
    if (parent() === npm) return
    clearInterval(timer)
    local.stop()
  }, LOOK_EVERY_MS).unref()
}
