const exitCode = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGQUIT: 131 }

/** Sent by the platform (SIGTERM), ^C (SIGINT), a closed terminal (SIGHUP) and ^\ (SIGQUIT). */
export const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

/** Fires on the first stop signal. A second signal exits at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const name of stopSignals) {
    const whileLoading = process.listeners(name)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCode[name])
      stop.abort()
    })
    // Removed last: without a listener a signal that has just arrived would be lost.
    for (const listener of whileLoading) process.off(name, listener)
  }
  return stop.signal
}

/** Resolves when the signal fires. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
