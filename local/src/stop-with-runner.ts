// Preloaded into every service (`node --import`), so that none outlives the runner, however that ends: when it is gone the
// channel to it closes, even after a SIGKILL.
const KILL_AFTER_MS = 10_000

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), KILL_AFTER_MS).unref()
})
// The channel is no reason to stay alive.
process.channel?.unref()
