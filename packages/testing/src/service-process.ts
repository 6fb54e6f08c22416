import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'

import { spawnService, type ServiceName } from '@dockercoins/local'
import { within } from '@dockercoins/testing'

const running = new Set<ChildProcess>()
// A test run that ends early runs no `after` hooks.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** One service as a process of its own, whose lines the test can wait for. */
export interface ServiceProcess {
  pid: number
  port: number
  url: string
  lines: string[]
  kill(signal: NodeJS.Signals): void
  /** Resolves to its exit code, null where a signal ended it. Rejects a minute after it is read. */
  exited: Promise<number | null>
  /** Resolves to the first line, printed already or still to come, that matches. */
  line(pattern: RegExp): Promise<string>
}

/**
 * Runs a service on this machine, perhaps with a limit of open files. Resolves when it listens. It
 * is killed when the test ends.
 */
export async function startService(
  t: TestContext,
  service: ServiceName,
  env: NodeJS.ProcessEnv = {},
  openFiles?: number,
): Promise<ServiceProcess> {
  const started = runService(t, service, { HOST: '127.0.0.1', PORT: '0', LOG_FORMAT: 'json', ...env }, openFiles)
  const listening = await Promise.race([started.line(/listening on/), started.exited])
  if (typeof listening !== 'string') throw new Error(`${service} did not start: ${started.lines.join(' | ')}`)
  const port = Number(/port (\d+)/.exec(listening)?.[1])
  // Not a copy: `exited` is a getter, and each read of it is a wait with an end.
  return Object.assign(started, { port, url: `http://127.0.0.1:${port}` })
}

/**
 * Runs a service, its bundle where STACK is "bundle", with `env` and no other variable of ours.
 * Does not wait for it.
 */
export function runService(
  t: TestContext,
  service: ServiceName,
  env: NodeJS.ProcessEnv,
  openFiles?: number,
): Omit<ServiceProcess, 'port' | 'url'> {
  const child = spawnService({
    service,
    env: { PATH: process.env.PATH, ...env },
    bundle: process.env.STACK === 'bundle',
    ...(openFiles && { wrapper: ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh'] }),
  })
  t.after(() => child.kill('SIGKILL'))
  running.add(child)
  child.once('exit', () => running.delete(child))
  const lines: string[] = []
  const printed = new EventEmitter().setMaxListeners(0)
  for (const input of [child.stdout!, child.stderr!]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line)
      printed.emit('line')
    })
  }
  // 'close' and not 'exit': by then every line has been read.
  const closed = once(child, 'close').then(([code]) => code as number | null)
  const recent = () => lines.slice(-5).join(' | ') || 'no line'

  async function find(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = lines.find((line) => pattern.test(line))
      if (found !== undefined) return found
      await once(printed, 'line')
    }
  }

  return {
    pid: child.pid ?? 0,
    lines,
    kill: (signal) => void child.kill(signal),
    get exited() {
      return within(`${service} to exit`, closed, recent)
    },
    line: (pattern) => within(`a line of ${service} that matches ${pattern}`, find(pattern), recent),
  }
}
