const exitCode = { SIGTERM: 143, SIGINT: 130 }

/** Fires when the platform (SIGTERM) or ^C (SIGINT) asks the process to stop. A second signal exits at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCode[name])
      stop.abort()
    })
  }
  return stop.signal
}

/** Resolves when the signal fires. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
