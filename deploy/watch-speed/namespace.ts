import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What Kubernetes and the ledger say about an application since its update. */
export interface Health {
  /** Containers that ended and were started again. */
  restarts: number
  /** Lines of the logs that are errors. */
  errors: number
  isSound: boolean
  /** The last line of the audit. */
  audit: string
}

const LABELS = ['--selector', 'app.kubernetes.io/part-of=dockercoins']
/** Of a line in JSON, or of one for people. */
const ERROR = /"level":[56]0\b|^\S+ (ERROR|FATAL) /

/** Asks `kubectl` about the application in a namespace since the moment `since`, in seconds since the epoch. */
export async function readHealth(namespace: string, since: number): Promise<Health> {
  const kubectl = (...args: string[]) =>
    promisify(execFile)('kubectl', ['--namespace', namespace, ...args], { maxBuffer: 256 * 1024 * 1024 })
  const from = new Date(since * 1000).toISOString()
  const [pods, logs, audit] = await Promise.all([
    kubectl('get', 'pods', ...LABELS, '--output', 'json'),
    kubectl('logs', ...LABELS, '--since-time', from, '--tail=-1', '--max-log-requests=500'),
    kubectl('exec', 'deployment/worker', '--', '/nodejs/bin/node', '/app/audit.mjs').then(
      ({ stdout }) => ({ isSound: true, text: stdout }),
      (error: Error & { stdout?: string; stderr?: string }) => ({
        isSound: false,
        text: error.stdout || error.stderr || error.message,
      }),
    ),
  ])
  return {
    restarts: countRestarts(pods.stdout, since),
    errors: logs.stdout.split('\n').filter((line) => ERROR.test(line)).length,
    isSound: audit.isSound,
    audit: audit.text.trim().split('\n').at(-1) ?? '',
  }
}

/** How many containers of these pods (in JSON) ended since then, and run again. */
export function countRestarts(pods: string, since: number): number {
  const { items } = JSON.parse(pods) as {
    items: { status: { containerStatuses?: { lastState?: { terminated?: { finishedAt: string } } }[] } }[]
  }
  const ends = items
    .flatMap(({ status }) => status.containerStatuses ?? [])
    .map(({ lastState }) => lastState?.terminated)
  return ends.filter((end) => end !== undefined && Date.parse(end.finishedAt) / 1000 >= since).length
}
