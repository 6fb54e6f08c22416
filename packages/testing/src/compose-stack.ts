import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'

import { until, within } from '@dockercoins/testing'

import { audit } from './figures.ts'
import { freePorts } from './free-ports.ts'
import type { Part, Stack, StackOptions } from './stack.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const services = ['rng', 'hasher', 'webui', 'worker'] as const
/** The command that prints the lines of a part as they are. */
const LOGS = ['logs', '--no-log-prefix', '--no-color']
type Published = 'rng' | 'hasher' | 'webui'

/** A stack in containers. */
export interface ComposeStack extends Stack {
  project: string
  /** Runs `docker compose` on this project and resolves to its output. */
  compose(...args: string[]): Promise<string>
  /** The ids of the containers of `part`. */
  containers(part: Part): Promise<string[]>
  /**
   * URL of the ledger for this machine. No port is published, so it has the address of the
   * container.
   */
  redisUrl(): Promise<string>
}

/** Runs `docker` and resolves to its trimmed output. Rejects with its error messages. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { cwd: repository, maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

/** The text of a file in the image of a service. */
export function readInImage(image: string, path: string): Promise<string> {
  const program = `process.stdout.write(require('node:fs').readFileSync('${path}', 'utf8'))`
  return docker('run', '--rm', image, '-e', program)
}

/**
 * How long a container has to stop, in seconds. On a busy machine all containers together get a
 * small part of the processors. One that has lost the signal is killed after this time, too, and
 * exits with 137.
 */
export const STOP_TIMEOUT_S = '60'

/**
 * Part of the error when Engine 20.10 wrongly refuses to remove an unused network
 * (moby/moby#43286).
 */
export const STALE_NETWORK = 'has active endpoints'

/** Removes the containers and networks of a project; its volumes too with `--volumes`. */
export async function down(project: string, ...options: string[]): Promise<void> {
  await docker('compose', '--project-name', project, 'down', '--timeout', '1', ...options).catch((error: Error) => {
    if (!error.message.includes(STALE_NETWORK)) throw error
  })
}

interface ComposeOptions extends StackOptions {
  /** Variables of compose.yaml. */
  variables?: Record<string, string>
}

/**
 * Starts the application in containers, as a Compose project of its own on free ports. Resolves
 * when all of it listens.
 */
export async function startComposeStack(
  t: TestContext,
  { scale = {}, env = {}, variables = {} }: ComposeOptions = {},
): Promise<ComposeStack> {
  const count: Record<Part, number> = { rng: 1, hasher: 1, webui: 1, worker: 1, redis: 1, ...scale }
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-compose-'))
  const project = `dockercoins-${randomUUID().slice(0, 8)}`
  const port = async (service: Published) => `${count[service] > 1 ? 0 : await freePorts()}`
  const ports = { WEBUI_PORT: await port('webui'), RNG_PORT: await port('rng'), HASHER_PORT: await port('hasher') }
  const environment = Object.entries({ ...ports, ...variables }).map(([name, value]) => `${name}=${value}`)
  await writeFile(join(folder, 'env'), environment.join('\n'))
  await writeFile(
    join(folder, 'override.yaml'),
    JSON.stringify({
      services: Object.fromEntries(
        services.map((service) => [service, { environment: { LOG_FORMAT: 'json', ...env } }]),
      ),
    }),
  )
  const files = ['--env-file', join(folder, 'env'), '--file', 'compose.yaml', '--file', join(folder, 'override.yaml')]
  const ofProject = ['compose', '--project-name', project, ...files]
  const compose = (...args: string[]) => docker(...ofProject, ...args)
  t.after(async () => {
    await down(project, '--volumes')
    await rm(folder, { recursive: true })
  })

  const containerPort = variables['CONTAINER_PORT'] ?? '80'
  const url = async (service: Published) =>
    count[service] ? `http://${await compose('port', service, containerPort)}` : ''
  async function untilListening(part: Part, times: number): Promise<void> {
    if (part === 'redis') {
      await until('Redis to answer a ping', () => compose('exec', '-T', 'redis', 'redis-cli', '-e', 'ping'), isTrue)
      return
    }
    if (times === 0) return
    // Asking for the lines again and again would take the processors from the services that start.
    const logs = spawn('docker', [...ofProject, ...LOGS, '--follow', part], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const lines: string[] = []
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    createInterface({ input: logs.stdout }).on('line', (line) => {
      lines.push(line)
      if (listenings(lines) === times) resolve()
    })
    logs.on('exit', () => reject(new Error(`expected ${part} to run, but its containers ended: ${lines.at(-1)}`)))
    await within(`${part} to listen`, promise, () => inspect(lines)).finally(() => logs.kill())
  }

  await compose(
    'up',
    '--detach',
    ...Object.entries(scale).map(([service, replicas]) => `--scale=${service}=${replicas}`),
  )
  const stack: ComposeStack = {
    project,
    compose,
    containers: async (part) => (await compose('ps', '--all', '--quiet', part)).split('\n'),
    urls: { webui: await url('webui'), rng: await url('rng'), hasher: await url('hasher') },
    async stop(part, signal) {
      await (signal === 'SIGTERM' ? compose('stop', '--timeout', STOP_TIMEOUT_S, part) : compose('kill', part))
    },
    async start(part) {
      const before = part === 'redis' ? 0 : listenings(await stack.lines(part))
      await compose('start', part)
      await untilListening(part, before + count[part])
    },
    lines: async (part) => (await compose(...LOGS, part)).split('\n'),
    async redisUrl() {
      const [redis = ''] = await stack.containers('redis')
      return `redis://${await docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', redis)}:6379`
    },
    audit: async () => audit(await stack.redisUrl()),
  }
  await Promise.all(services.map((service) => untilListening(service, count[service])))
  return stack
}

const isTrue = () => true

function listenings(lines: string[]): number {
  return lines.filter((line) => line.includes('listening on')).length
}
