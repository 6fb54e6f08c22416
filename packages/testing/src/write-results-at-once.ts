// A module to preload into files of tests. Each sends its results to the runner through a pipe, and
// --test-force-exit ends the process before all of them are written (nodejs/node#64833).

const { _handle: handle } = process.stdout as { _handle?: { setBlocking?: (isBlocking: boolean) => void } }
handle?.setBlocking?.(true)
