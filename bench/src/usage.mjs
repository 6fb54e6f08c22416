// Preloaded into every process that is measured: responds with the processor time and memory that it has used.
// In JavaScript, because stripping types would itself take memory, which the bundles do not need.

process.on('message', (question) => {
  if (question !== 'usage') return
  const { user, system } = process.cpuUsage()
  process.send?.({ question, answer: { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() } })
})
// Neither the listener nor the channel keeps the process running.
process.channel?.unref()
