import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { freemem, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { diagnose, type Images, type Machine, type System } from './diagnose.ts'
import { tryPort } from './try-port.ts'

// npm run doctor: checks a laptop before class. It imports no package, because `npm ci` may not have
// been run.

const repository = fileURLToPath(new URL('../..', import.meta.url))
const MIB = 1024 * 1024
const TIMEOUT_MS = 15_000
const PORTS = [8000, 8001, 8002]

/** Optional programs, and an option with which each only prints its version. */
const optional = { kubectl: '--help', helm: '--help', curl: '--version', httping: '-V', ab: '-V' }

const { lines, exitCode } = diagnose(await inspectMachine())
for (const line of lines) console.log(line)
process.exitCode = exitCode

async function inspectMachine(): Promise<Machine> {
  const system = findSystem()
  const [disk, docker, engine, engineMemory, compose, buildx, taken, found] = await Promise.all([
    statfs(repository),
    run('docker', '--version'),
    run('docker', 'version', '--format', '{{.Server.Version}}'),
    run('docker', 'info', '--format', '{{.MemTotal}}'),
    run('docker', 'compose', 'version', '--short'),
    run('docker', 'buildx', 'version').then((line) => line?.split(' ')[1]),
    Promise.all(PORTS.map((port) => tryPort('127.0.0.1', port))),
    Promise.all(
      Object.entries(optional).map(async ([name, option]) => [name, (await run(name, option)) !== undefined]),
    ),
  ])
  return {
    system,
    node: process.versions.node,
    npm: /^npm\/(\S+)/.exec(process.env['npm_config_user_agent'] ?? '')?.[1],
    hasPackages: existsSync(`${repository}node_modules/@dockercoins/local`),
    takenPorts: PORTS.filter((_, index) => taken[index] !== undefined),
    // macOS counts the memory of cached files as used.
    freeMemoryMib: (system === 'macOS' ? totalmem() : freemem()) / MIB,
    freeDiskMib: (disk.bavail * disk.bsize) / MIB,
    docker,
    engine,
    engineMemoryMib: engine === undefined ? undefined : Number(engineMemory) / MIB,
    compose,
    buildx,
    images: engine ? await inspectImages() : undefined,
    optional: Object.fromEntries(found) as Record<string, boolean>,
  }
}

function findSystem(): System {
  if (process.platform === 'win32') return 'Windows'
  if (process.platform === 'darwin') return 'macOS'
  return /microsoft/i.test(release()) ? 'WSL 2' : 'Linux'
}

async function inspectImages(): Promise<Images> {
  const needed = (await run('docker', 'compose', 'config', '--images'))?.split('\n') ?? []
  if (needed.length > 0 && (await missingOf(needed)).length === 0)
    return { areBuilt: true, missing: [], canBePulled: true }
  const missing = await missingOf(await findBaseImages())
  const manifests = await Promise.all(missing.map((image) => run('docker', 'manifest', 'inspect', image)))
  return { areBuilt: false, missing, canBePulled: !manifests.includes(undefined) }
}

async function missingOf(images: string[]): Promise<string[]> {
  const ids = await Promise.all(images.map((image) => run('docker', 'image', 'inspect', '--format', '{{.Id}}', image)))
  return images.filter((_, index) => ids[index] === undefined)
}

/** The images that a build needs, and Redis: those of the shell's variables, else the defaults. */
async function findBaseImages(): Promise<string[]> {
  const dockerfile = await readFile(`${repository}services/rng/Dockerfile`, 'utf8')
  const compose = await readFile(`${repository}compose.yaml`, 'utf8')
  const defaults = [
    ...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(.+)$/gm),
    ...compose.matchAll(/\$\{(REDIS_IMAGE):-(.+)\}/g),
  ]
  return defaults.map(([, variable = '', image = '']) => process.env[variable] ?? image)
}

/** Resolves to the output of a program; to undefined where it is absent, fails or takes too long. */
async function run(program: string, ...args: string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(program, args, { cwd: repository, timeout: TIMEOUT_MS })).stdout.trim()
  } catch {
    return undefined
  }
}
