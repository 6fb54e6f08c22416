import { LocalError, startLocal } from './local.ts'
import { parseOptions, usage } from './options.ts'
import { stopOnSignals } from './stop-on-signals.ts'
import { stopWithNpm } from './stop-with-npm.ts'

try {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options === 'help') process.stdout.write(usage)
  else {
    const starting = startLocal(options)
    const stop = () => starting.then((local) => local.stop(), ignore)
    const kill = () => starting.then((local) => local.kill(), ignore)
    // Before the first process is started: without a handler, a signal would end the runner and leave processes behind.
    stopOnSignals({ stop, kill })
    stopWithNpm({ stop })
    const local = await starting
    // Not only exitCode: what a reader that is stuck has not read would keep us here.
    process.exit(await local.ended)
  }
} catch (error) {
  if (!(error instanceof LocalError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}

/** What failed to start is reported where the start is awaited. */
function ignore(): void {}
