import { stopSignals } from './stop-signal.ts'

// Preloaded in the images (`node -r`). The first process of a container has no default action for
// signals: without a listener SIGTERM is lost, and the container is killed ten seconds later. While
// the service is loading there is nothing to finish, so the process exits. `stopSignal` replaces
// these listeners.
for (const name of stopSignals) process.on(name, () => process.exit(0))
