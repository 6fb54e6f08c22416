import { LocalError, startLocal } from './local.ts'
import { parseOptions, usage } from './options.ts'
import { stopOnSignals } from './stop-on-signals.ts'
import { stopWithNpm } from './stop-with-npm.ts'

try {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options === 'help') process.stdout.write(usage)
  else {
    const local = await startLocal(options)
    stopOnSignals(local)
    stopWithNpm(local)
    // Not only exitCode: what a reader that is stuck has not read would keep us here.
    process.exit(await local.ended)
  }
} catch (error) {
  if (!(error instanceof LocalError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}
