import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'

/**
 * What Kubernetes and the ledger say about an application since its update; undefined where it is
 * not known.
 */
export interface Health {
  /** Containers that ended and were started again. */
  restarts: number | undefined
  /** Lines of the logs that are errors. */
  errors: number | undefined
  isSound: boolean | undefined
  /** Why something is not known, a line each. */
  notKnown: string[]
}

const LABELS = ['--selector', 'app.kubernetes.io/part-of=dockercoins']
const TIMEOUT_MS = 60_000
/** Of a line in JSON, or of one for people. */
const ERROR = /"level":[56]0\b|^\S+ (ERROR|FATAL) /

/**
 * Asks `kubectl` about the application in a namespace since the moment `since`, in seconds since the
 * epoch.
 */
export async function readHealth(namespace: string, since: number): Promise<Health> {
  const [restarts, errors, isSound] = await Promise.allSettled([
    readRestarts(namespace, since),
    countErrors(namespace, since),
    readAudit(namespace),
  ])
  const failed = [restarts, errors, isSound].filter((result) => result.status === 'rejected')
  return {
    restarts: valueOf(restarts),
    errors: valueOf(errors),
    isSound: valueOf(isSound),
    notKnown: [...new Set(failed.map(({ reason }) => (reason as Error).message))],
  }
}

function valueOf<T>(result: PromiseSettledResult<T>): T | undefined {
  return result.status === 'fulfilled' ? result.value : undefined
}

async function readRestarts(namespace: string, since: number): Promise<number> {
  const pods = await kubectl('get', 'pods', '--namespace', namespace, ...LABELS, '--output', 'json')
  return countRestarts(pods, since)
}

/**
 * How many containers of these pods (in JSON) ended since then, and run again. Throws when there is
 * no pod.
 */
export function countRestarts(pods: string, since: number): number {
  const { items } = JSON.parse(pods) as {
    items: { status: { containerStatuses?: { lastState?: { terminated?: { finishedAt: string } } }[] } }[]
  }
  if (items.length === 0) throw new Error('expected pods of DockerCoins in the namespace, got none')
  const ends = items
    .flatMap(({ status }) => status.containerStatuses ?? [])
    .map(({ lastState }) => lastState?.terminated)
  return ends.filter((end) => end !== undefined && Date.parse(end.finishedAt) / 1000 >= since).length
}

async function countErrors(namespace: string, since: number): Promise<number> {
  const from = ['--since-time', new Date(since * 1000).toISOString(), '--tail=-1', '--max-log-requests=500']
  const args = ['logs', '--namespace', namespace, ...LABELS, ...from]
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS })
  const ended = Promise.all([once(child, 'close'), text(child.stderr)])
  let errors = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (ERROR.test(line)) errors++
  })
  const [[exitCode], complaints] = await ended
  if (exitCode !== 0) throw new Error(`kubectl logs: ${lastLine(complaints) || 'did not end'}`)
  return errors
}

async function readAudit(namespace: string): Promise<boolean> {
  const audit = ['deployment/worker', '--', '/nodejs/bin/node', '/app/audit.mjs']
  const output = await kubectl('exec', '--namespace', namespace, ...audit).catch((error: Error) => {
    if (error.message.includes('NOT sound')) return error.message
    throw error
  })
  return output.includes('The ledger is sound.')
}

/** Runs kubectl. Rejects with the last line that it prints. */
async function kubectl(...args: string[]): Promise<string> {
  const options = { timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 }
  return promisify(execFile)('kubectl', args, options).then(
    ({ stdout }) => stdout,
    (error: Error & { stdout?: string; stderr?: string }) => {
      const line = lastLine(`${error.stderr ?? ''}\n${error.stdout ?? ''}`) || error.message
      throw new Error(`kubectl ${args[0]}: ${line}`)
    },
  )
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? ''
}
