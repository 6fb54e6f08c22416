import { readHealth, type Health } from './namespace.ts'
import { parseOptions } from './options.ts'
import { NotKnown, watchSpeed, type Watched } from './watch.ts'

// npm run watch-speed: says whether an update made the application slower.

const NOT_KNOWN = 2

try {
  const now = Date.now() / 1000
  const options = parseOptions(process.argv.slice(2), now)
  if ('help' in options) {
    console.log(options.help)
  } else {
    const watched = await watchSpeed({ ...options, completedAt: now })
    const health = options.namespace === undefined ? undefined : await readHealth(options.namespace, options.updatedAt)
    const isGood = watched.verdict === 'held' && (!health || (health.restarts + health.errors === 0 && health.isSound))
    process.exitCode = isGood ? 0 : 1
    console.log(options.json ? JSON.stringify({ isGood, ...watched, ...health }) : describe(watched, health, isGood))
  }
} catch (error) {
  console.error(`${error instanceof NotKnown ? 'The speed is not known: ' : ''}${(error as Error).message}`)
  process.exitCode = NOT_KNOWN
}

/** One line. */
function describe({ verdict, before, after, seconds }: Watched, health: Health | undefined, isGood: boolean): string {
  const change = `${((after / before - 1) * 100).toFixed(0)} %`.replace('-', '−')
  const speeds = `${before.toFixed(1)} hashes per second before the update, ${after.toFixed(1)} after it (${change}, seen after ${seconds} s)`
  const rest = health && `${health.restarts} restarts, ${health.errors} errors in the logs, audit: ${health.audit}`
  const advice = isGood ? '' : 'Take the update back: helm rollback, or kubectl rollout undo.'
  return [`The speed ${verdict}: ${speeds}.`, rest && `${rest.replace(/\.$/, '')}.`, advice].filter(Boolean).join(' ')
}
