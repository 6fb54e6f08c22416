import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { until, within } from '@dockercoins/testing'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

/** Runs `program` in the repository's folder and resolves to its trimmed output. */
export async function run(program: 'kubectl' | 'helm' | 'kubeconform', ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: repository, maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

/** A namespace of a cluster, for one test. */
export interface Namespace {
  name: string
  kubectl: (...args: string[]) => Promise<string>
  /** URL of a Service for this machine, by way of the API server. */
  url: (service: string) => string
  /** The names of the pods of `app` that are not stopping, in the order of their creation. */
  pods: (app: string) => Promise<string[]>
  /** All lines that the containers of `app` have printed, also of pods that are gone. */
  lines: (app: string) => string[]
  /** Resolves when every line of a pod that is gone has been read. */
  untilRead: (app: string) => Promise<void>
}

/** Removes the namespaces when the test ends, if they are there. */
export function removeAfter(t: TestContext, ...namespaces: string[]): void {
  t.after(() => run('kubectl', 'delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait=false'))
}

/**
 * Creates a namespace whose pods must be as the Pod Security Standard "restricted" demands. It is
 * deleted when the test ends.
 */
export async function createNamespace(t: TestContext, name = `dockercoins-${randomUUID().slice(0, 8)}`) {
  const ended = new AbortController()
  const api = await startProxy(ended.signal)
  await run('kubectl', 'create', 'namespace', name)
  t.after(async () => {
    ended.abort()
    await run('kubectl', 'delete', 'namespace', name, '--wait=false')
  })
  await run('kubectl', 'label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted')
  const path = `${api}/api/v1/namespaces/${name}`
  const logs = followLogs(path, ended.signal)

  const namespace: Namespace = {
    name,
    kubectl: (...args) => run('kubectl', '--namespace', name, ...args),
    url: (service) => `${path}/services/${service}:http/proxy`,
    async pods(app) {
      const order = ['--sort-by', '.metadata.creationTimestamp']
      const list = await namespace.kubectl('get', 'pods', '--selector', `app=${app}`, ...order, '--output', 'json')
      const { items } = JSON.parse(list) as { items: { metadata: { name: string; deletionTimestamp?: string } }[] }
      return items.flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [metadata.name] : []))
    },
    lines: (app) => [...logs.values()].filter((log) => log.app === app).flatMap(({ lines }) => lines),
    async untilRead(app) {
      await until(
        `every line of ${app}`,
        () => [...logs.values()].filter((log) => log.app === app && log.isGone && !log.isRead).length,
        (unread) => unread === 0,
      )
    },
  }
  return namespace
}

/**
 * Starts `kubectl proxy`, which ends with `signal`, and resolves to the URL of the API server through
 * it.
 */
export async function startProxy(signal: AbortSignal): Promise<string> {
  const proxy = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  signal.addEventListener('abort', () => proxy.kill())
  const lines = createInterface({ input: proxy.stdout })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  lines.on('line', (line) => resolve(`http://${/127\.0\.0\.1:\d+/.exec(line)?.[0]}`))
  proxy.on('exit', () => reject(new Error('expected kubectl proxy to run, but it ended: see above')))
  return within('kubectl proxy to listen', promise)
}

interface Log {
  app: string
  lines: string[]
  isGone: boolean
  isRead: boolean
}

interface PodEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: {
    metadata: { name: string; uid: string; labels?: Record<string, string> }
    status: { containerStatuses?: { restartCount: number; state: object; lastState: object }[] }
  }
}

/** Reads the logs of all containers of a namespace from their start to their end. */
function followLogs(path: string, signal: AbortSignal): Map<string, Log> {
  const logs = new Map<string, Log>()

  async function follow(name: string, log: Log): Promise<void> {
    for await (const line of readLines(`${path}/pods/${name}/log?follow=true`, signal)) log.lines.push(line)
    log.isRead = true
  }

  async function watch(): Promise<void> {
    // The API server ends a watch after some time.
    while (!signal.aborted) {
      for await (const line of readLines(`${path}/pods?watch=true`, signal)) {
        const { type, object } = JSON.parse(line) as PodEvent
        const { name, uid, labels = {} } = object.metadata
        const { restartCount = 0, state = {}, lastState = {} } = object.status.containerStatuses?.[0] ?? {}
        const key = `${uid} ${restartCount}`
        const hasEnded = 'terminated' in state || 'terminated' in lastState
        if (('running' in state || hasEnded) && !logs.has(key)) {
          const log = { app: labels['app'] ?? '', lines: [], isGone: false, isRead: false }
          logs.set(key, log)
          // A container that is removed at once has no log to read.
          follow(name, log).catch(() => (log.isRead = true))
        }
        for (const [each, log] of logs)
          if (each.startsWith(uid) && (type === 'DELETED' || each !== key || 'terminated' in state)) log.isGone = true
      }
    }
  }

  watch().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return logs
}

async function* readLines(url: string, signal: AbortSignal): AsyncGenerator<string> {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`expected 200, got ${response.status}: ${await response.text()}`)
  let rest = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest) yield rest
}
