import { startLocal } from './local.ts'
import { LocalError, parseOptions, usage } from './options.ts'
import { stopOnSignals, stopWithNpm } from './stop-requests.ts'

try {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options === 'help') process.stdout.write(usage)
  else {
    const starting = startLocal(options)
    // A start that fails is reported where it is awaited.
    const stop = () => starting.then((local) => local.stop()).catch(() => {})
    const kill = () => starting.then((local) => local.kill()).catch(() => {})
    // Before the first process starts: without a handler, a signal would leave processes behind.
    stopOnSignals({ stop, kill })
    stopWithNpm({ stop })
    const local = await starting
    // Not only exitCode: lines that a stuck reader has not read would keep the process.
    process.exit(await local.ended)
  }
} catch (error) {
  if (!(error instanceof LocalError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}
