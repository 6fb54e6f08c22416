import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

import { listenLocally } from './listen.ts'

/** Why tests that need a Redis of their own are skipped, and what to do about it. */
export const NO_REDIS =
  'there is no redis-server or valkey-server on the PATH: install one (apt install redis-server, brew install redis)'

/** A Redis of a test's own, that may be stopped and killed. Writes through to the disk, as the design asks of ours. */
export interface RedisServer {
  url: string
  port: number
  /** Starts it (again), on the same port and data; resolves when it answers. */
  start(): Promise<void>
  /** Ends it with `signal` and resolves when it is gone. Its data stays. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Ends it and removes its data. */
  remove(): Promise<void>
}

/** Whether `startRedisServer` can find a server. */
export function hasRedisServer(): boolean {
  return findServer() !== undefined
}

/** Starts a Redis, or Valkey, on a free port of this machine, in a folder of its own. Rejects when there is none. */
export async function startRedisServer(): Promise<RedisServer> {
  const program = findServer()
  if (program === undefined) throw new Error(NO_REDIS)
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-redis-'))
  const port = await freePort()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder]
  args.push('--save', '', '--appendonly', 'yes', '--appendfsync', 'always')
  let server: ChildProcess | undefined
  const leaveNothing = () => {
    server?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', leaveNothing)

  const redis: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    async start() {
      server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      await untilReady(server)
    },
    async stop(signal = 'SIGTERM') {
      const stopping = server
      server = undefined
      if (!stopping || stopping.exitCode !== null || stopping.signalCode !== null) return
      stopping.kill(signal)
      await once(stopping, 'exit')
    },
    async remove() {
      await redis.stop('SIGKILL')
      process.off('exit', leaveNothing)
      await rm(folder, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}

function findServer(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const candidates = folders.flatMap((folder) => [join(folder, 'redis-server'), join(folder, 'valkey-server')])
  return candidates.find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenLocally(server)
  server.close()
  await once(server, 'close')
  return port
}

async function untilReady(server: ChildProcess): Promise<void> {
  const said: string[] = []
  if (!server.stdout) throw new Error('expected the output of the Redis server to be readable')
  // Read to the end: a server whose output nobody reads would stand still one day.
  const lines = createInterface({ input: server.stdout })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (/ready to accept connections/i.test(line)) resolve()
      else if (said.length < 20) said.push(line)
    })
    server.once('error', reject)
    lines.once('close', () => reject(new Error(`the Redis server did not start: ${said.join(' | ')}`)))
  })
}
