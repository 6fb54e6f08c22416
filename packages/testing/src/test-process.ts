// Preloaded into each file of tests. It sends its results to the runner through a pipe, and
// --test-force-exit ends the process before all of them are written (nodejs/node#64833).

const { _handle: handle } = process.stdout as { _handle?: { setBlocking?: (isBlocking: boolean) => void } }
handle?.setBlocking?.(true)

// The coverage of this process is measured, and not that of processes that it starts: one that is
// killed leaves an empty file, which fails the whole run.
delete process.env['NODE_V8_COVERAGE']
