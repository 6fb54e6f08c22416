import { stopSignals } from './stop-signal.ts'

// Preloaded in the images (`node -r`). A container's first process has no default action for signals: without a
// listener SIGTERM is lost, and the container is killed ten seconds later. Until the service is loaded there is nothing to
// finish, so it exits. `stopSignal` takes over.
for (const name of stopSignals) process.on(name, () => process.exit(0))
