import { once } from 'node:events'

const exitCodes = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGQUIT: 131 }

/** Sent by the platform (SIGTERM), ^C (SIGINT), a closed terminal (SIGHUP) and ^\ (SIGQUIT). */
export const stopSignals = Object.keys(exitCodes) as (keyof typeof exitCodes)[]

/** Fires on the first stop signal. A second signal exits at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const name of stopSignals) {
    const whileLoading = process.listeners(name)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCodes[name])
      stop.abort()
    })
    // Removed last: without a listener a signal that has just arrived would be lost.
    for (const listener of whileLoading) process.off(name, listener)
  }
  return stop.signal
}

/** Resolves when the signal fires. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
