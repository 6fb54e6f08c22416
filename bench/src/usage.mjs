// Preloaded into every process that is measured, ours and the yardsticks alike: tells its parent, when asked, what it has used.
// In JavaScript, as taking types away would itself take memory, which the bundles do not.

process.on('message', (question) => {
  if (question !== 'usage') return
  const { user, system } = process.cpuUsage()
  process.send?.({ question, answer: { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() } })
})
// Neither the listener nor the channel is to keep a process that is done.
process.channel?.unref()
