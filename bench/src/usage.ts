// Preloaded into every process that is measured, ours and the yardsticks alike: tells its parent, when asked, what it has used.

process.on('message', (message) => {
  if (message !== 'usage') return
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() })
})
// Neither the listener nor the channel is to keep a process that is done.
process.channel?.unref()
