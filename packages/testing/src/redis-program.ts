import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const IMAGE = 'redis:8'
const PERSISTENCE = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']

/** A way to run a Redis for tests, with data of its own that outlives each run. */
export interface RedisProgram {
  /** Starts it on a port of this machine; its standard output says when it is ready. */
  run(port: number): ChildProcess
  signal(server: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void
  /** Removes its data. */
  remove(): void
}

/**
 * A redis-server or valkey-server on the PATH, else a container; undefined where neither can be
 * had.
 */
export function findRedisProgram(): ((args: string[]) => RedisProgram) | undefined {
  const binary = findBinary()
  if (binary !== undefined) return (args) => fromBinary(binary, args)
  return hasDocker() ? fromContainer : undefined
}

function fromBinary(binary: string, args: string[]): RedisProgram {
  const folder = mkdtempSync(join(tmpdir(), 'dockercoins-redis-'))
  return {
    run: (port) =>
      start(binary, ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, ...PERSISTENCE, ...args]),
    signal: (server, signal) => void server.kill(signal),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function fromContainer(args: string[]): RedisProgram {
  const name = `dockercoins-redis-${randomUUID()}`
  return {
    run(port) {
      const container = ['--rm', '--name', name, '--publish', `127.0.0.1:${port}:6379`, '--volume', `${name}:/data`]
      return start('docker', [
        'run',
        ...container,
        IMAGE,
        'redis-server',
        '--protected-mode',
        'no',
        ...PERSISTENCE,
        ...args,
      ])
    },
    // Not to the client: it cannot hand on a SIGKILL.
    signal: (_server, signal) => void spawnSync('docker', ['kill', '--signal', signal, name]),
    remove: () => void execFileSync('docker', ['volume', 'rm', '--force', name], { stdio: 'ignore' }),
  }
}

function start(program: string, args: string[]): ChildProcess {
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

function findBinary(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.flatMap((folder) => [join(folder, 'redis-server'), join(folder, 'valkey-server')]).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function hasDocker(): boolean {
  return spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status === 0
}
