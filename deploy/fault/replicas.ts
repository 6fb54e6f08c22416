import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { DEFAULT_PORT, LocalError, requestUrls } from '@dockercoins/local'

import type { Where } from './options.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const TIMEOUT_MS = 30_000

/** One replica, and what to do where it does not allow faults. */
export interface Replica {
  name: string
  /** Sends a request to `/faults`. Resolves to the status code and the body. */
  send(method: 'PUT' | 'DELETE', body?: object): Promise<[status: number, body: string]>
  howToAllow: string
}

/** Finds the replicas of a service. Rejects with an error of one line when there are none. */
export async function findReplicas(service: 'rng' | 'hasher', where: Where): Promise<Replica[]> {
  if (where === 'any') {
    const local = await localReplicas(service, DEFAULT_PORT).catch(onlyIfNothingRuns)
    return local ?? composeReplicas(service)
  }
  if (where === 'compose') return composeReplicas(service)
  return 'port' in where ? localReplicas(service, where.port) : podsOf(service, where.namespace)
}

function onlyIfNothingRuns(error: unknown): undefined {
  if (!(error instanceof LocalError)) throw error
}

async function localReplicas(service: 'rng' | 'hasher', port: number): Promise<Replica[]> {
  const urls = (await requestUrls(port))[service]
  if (urls.length === 0) throw new Error(`expected ${service} to run on port ${port}, but npm start runs none of it`)
  return urls.map((url, index) => ({
    name: `${service}-${index + 1}`,
    howToAllow: 'FAULTS=allow npm start',
    async send(method, body) {
      const content = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const response = await fetch(`${url}/faults`, { method, signal: AbortSignal.timeout(TIMEOUT_MS), ...content })
      return [response.status, await response.text()]
    },
  }))
}

async function composeReplicas(service: string): Promise<Replica[]> {
  const names = await run('docker', 'compose', 'ps', '--format', '{{.Name}}', service).catch((error: Error) => {
    throw new Error(`expected npm start on port ${DEFAULT_PORT} or Docker Compose to run here: ${error.message}`)
  })
  if (names === '') throw new Error(`expected ${service} to run: start it with npm start or docker compose up -d`)
  return names.split('\n').map((name) => ({
    name,
    howToAllow: 'FAULTS=allow docker compose up -d',
    send: (method, body) => sendInside(['docker', 'exec', name], method, body),
  }))
}

async function podsOf(service: string, namespace: string): Promise<Replica[]> {
  const select = ['--namespace', namespace, '--selector', `app=${service}`, '--field-selector=status.phase=Running']
  const names = await run('kubectl', 'get', 'pods', ...select, '--output', 'jsonpath={.items[*].metadata.name}')
  if (names === '')
    throw new Error(`expected pods with the label app=${service} in the namespace ${namespace}, got none`)
  return names.split(' ').map((name) => ({
    name,
    howToAllow: `kubectl --namespace ${namespace} set env deployment ${service} FAULTS=allow`,
    send: (method, body) => sendInside(['kubectl', 'exec', '--namespace', namespace, name, '--'], method, body),
  }))
}

/** Sends the request from within a container, because not every replica has a port on this machine. */
const program = `
  const [, method, body] = process.argv
  const headers = body && { 'content-type': 'application/json' }
  fetch('http://127.0.0.1:' + (process.env.PORT || 80) + '/faults', { method, ...(body && { headers, body }) })
    .then(async (response) => console.log(JSON.stringify([response.status, await response.text()])))`

async function sendInside(exec: string[], method: string, body: object | undefined): Promise<[number, string]> {
  const [command = '', ...args] = exec
  const words = [method, ...(body ? [JSON.stringify(body)] : [])]
  return JSON.parse(await run(command, ...args, '/nodejs/bin/node', '-e', program, ...words)) as [number, string]
}

async function run(command: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd: repository, timeout: TIMEOUT_MS })
    return stdout.trim()
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    throw new Error(stderr.trim().split('\n').at(-1) || message.split('\n')[0], { cause: error })
  }
}
