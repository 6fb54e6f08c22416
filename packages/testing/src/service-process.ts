import { spawn, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { within } from '@dockercoins/testing'

/** What ships where STACK is "bundle", else the source. */
const entry = process.env.STACK === 'bundle' ? 'dist/main.mjs' : 'src/main.ts'
const repository = fileURLToPath(new URL('../../..', import.meta.url))

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
  /** Resolves when the process is gone, within a minute of being read, to its exit code, or null where a signal ended it. */
  exited: Promise<number | null>
  /** Resolves to the first line, said already or still to come, that matches. */
  line(pattern: RegExp): Promise<string>
}

/** Runs a service on this machine, perhaps with a limit of open files, and resolves when it listens. It is killed when the test ends. */
export async function startService(
  t: TestContext,
  name: 'rng' | 'hasher' | 'worker' | 'webui',
  env: NodeJS.ProcessEnv = {},
  openFiles?: number,
): Promise<ServiceProcess> {
  const service = runService(t, name, { HOST: '127.0.0.1', PORT: '0', LOG_FORMAT: 'json', ...env }, openFiles)
  const listening = await Promise.race([service.line(/listening on/), service.exited])
  if (typeof listening !== 'string') throw new Error(`${name} did not start: ${service.lines.join(' | ')}`)
  const port = Number(/port (\d+)/.exec(listening)?.[1])
  // Not a copy: `exited` is a getter, and each look at it is a wait with an end.
  return Object.assign(service, { port, url: `http://127.0.0.1:${port}` })
}

/** Runs a service with `env` and nothing else of ours, and does not wait for it. */
export function runService(
  t: TestContext,
  name: string,
  env: NodeJS.ProcessEnv,
  openFiles?: number,
): Omit<ServiceProcess, 'port' | 'url'> {
  const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles}; `
  const command = [process.execPath, `${repository}services/${name}/${entry}`]
  const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, ...command], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  running.add(child)
  child.once('exit', () => running.delete(child))
  const lines: string[] = []
  const said = new EventEmitter().setMaxListeners(0)
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line)
      said.emit('line', line)
    })
  }
  // 'close' and not 'exit': by then every line has been read.
  const closed = once(child, 'close').then(([code]) => code as number | null)
  const recent = () => lines.slice(-5).join(' | ') || 'no line'
  return {
    pid: child.pid ?? 0,
    lines,
    kill: (signal) => void child.kill(signal),
    get exited() {
      return within(`${name} to exit`, closed, recent)
    },
    line(pattern) {
      const come = async () => {
        for (;;) {
          const found = lines.find((line) => pattern.test(line))
          if (found !== undefined) return found
          await once(said, 'line')
        }
      }
      return within(`a line of ${name} that matches ${pattern}`, come(), recent)
    },
  }
}
