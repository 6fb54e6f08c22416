import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

import { freePorts } from './free-ports.ts'
import { findRedisProgram } from './redis-program.ts'

/** Why tests that need a Redis of their own are skipped, and what to do about it. */
export const NO_REDIS =
  'there is no redis-server or valkey-server on the PATH, and no Docker: install one (apt install redis-server, brew install redis)'

/**
 * A Redis of a test's own, that may be stopped and killed. Writes through to the disk, as ours
 * should.
 */
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
  return findRedisProgram() !== undefined
}

/**
 * Starts a Redis, or Valkey, on a free port of this machine, with data of its own and perhaps
 * options. Rejects when there is none.
 */
export async function startRedisServer(args: string[] = []): Promise<RedisServer> {
  const program = findRedisProgram()?.(args)
  if (program === undefined) throw new Error(NO_REDIS)
  const port = await freePorts()
  let server: ChildProcess | undefined
  const killOnExit = () => server && program.signal(server, 'SIGKILL')
  process.once('exit', killOnExit)

  const redis: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    async start() {
      server = program.run(port)
      await untilReady(server)
    },
    async stop(signal = 'SIGTERM') {
      const stopping = server
      server = undefined
      if (!stopping || stopping.exitCode !== null || stopping.signalCode !== null) return
      const gone = once(stopping, 'exit')
      program.signal(stopping, signal)
      await gone
    },
    async remove() {
      await redis.stop('SIGKILL')
      process.off('exit', killOnExit)
      program.remove()
    },
  }
  await redis.start()
  return redis
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
