// Preloaded into every service, so that none outlives the runner: the channel to the runner closes
// when that exits, even after a SIGKILL. It is JavaScript, so that bundles load no code that strips
// types.
const KILL_AFTER_MS = 10_000

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), KILL_AFTER_MS).unref()
})
// The channel does not keep the process running.
process.channel?.unref()
