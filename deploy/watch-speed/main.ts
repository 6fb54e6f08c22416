import { readHealth, type Health } from './namespace.ts'
import { parseOptions } from './options.ts'
import { NotKnown, watchSpeed, type Watched } from './watch.ts'

// npm run watch-speed: says whether an update made the application slower.

const [GOOD, BAD, NOT_KNOWN] = [0, 1, 2]

try {
  const now = Date.now() / 1000
  const options = parseOptions(process.argv.slice(2), now)
  if ('help' in options) {
    console.log(options.help)
  } else {
    const watched = await watchSpeed({ ...options, completedAt: now })
    const health = options.namespace === undefined ? undefined : await readHealth(options.namespace, options.updatedAt)
    process.exitCode = judge(watched, health)
    console.log(options.json ? JSON.stringify({ ...watched, ...health }) : describe(watched, health, process.exitCode))
  }
} catch (error) {
  console.error(`${error instanceof NotKnown ? 'The speed is not known: ' : ''}${(error as Error).message}`)
  process.exitCode = NOT_KNOWN
}

/** The exit code. */
function judge({ verdict }: Watched, health: Health | undefined): number {
  const isHurt = health && (Number(health.restarts) > 0 || Number(health.errors) > 0 || health.isSound === false)
  if (verdict === 'fell' || isHurt) return BAD
  return health && health.notKnown.length > 0 ? NOT_KNOWN : GOOD
}

/** One line. */
function describe({ verdict, before, after, seconds, isSure }: Watched, health: Health | undefined, exitCode: number) {
  const change = `${((after / before - 1) * 100).toFixed(0)} %`.replace('-', '−')
  const when = isSure ? `seen after ${seconds} s` : `not sure after ${seconds} s`
  const speeds = `${before.toFixed(1)} hashes per second before the update, ${after.toFixed(1)} after it (${change}, ${when})`
  const parts = [`The speed ${verdict}: ${speeds}.`]
  if (health?.restarts !== undefined) parts.push(`${health.restarts} restarts.`)
  if (health?.errors !== undefined) parts.push(`${health.errors} errors in the logs.`)
  if (health?.isSound !== undefined) parts.push(`The ledger is ${health.isSound ? '' : 'NOT '}sound.`)
  for (const reason of health?.notKnown ?? []) parts.push(`Not known: ${reason}.`)
  if (exitCode === BAD) parts.push('Take the update back: helm rollback, or kubectl rollout undo.')
  return parts.join(' ')
}
