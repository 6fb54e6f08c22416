import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))
const usage = fileURLToPath(new URL('usage.ts', import.meta.url))

export interface Usage {
  /** Processor time since it began, microseconds. */
  cpuMicros: number
  /** Resident memory, bytes. */
  rssBytes: number
}

/** A process that is measured. */
export interface Measured {
  name: string
  usage(): Promise<Usage>
  /** Its lines so far. */
  log(): string
  /** Sends SIGTERM; resolves to the exit code, null where a signal ended it. */
  stop(): Promise<number | null>
}

export interface Processes {
  /** A folder that is gone when the scenario ends. */
  folder: string
  /** Runs a module with Node, its output in a file of `folder`, with `env` and nothing else of ours. */
  start(name: string, module: string, env?: NodeJS.ProcessEnv, nodeOptions?: string[]): Measured
  /** Ends all that was started, and removes the folder. */
  end(): Promise<void>
}

/** Starts processes for one scenario. They are killed when this process ends, however it ends. */
export function createProcesses(): Processes {
  const folder = mkdtempSync(join(tmpdir(), 'dockercoins-bench-'))
  const children = new Set<ChildProcess>()
  const killAll = () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', killAll)
  let started = 0

  return {
    folder,
    start(name, module, env = {}, nodeOptions = []) {
      const file = join(folder, `${++started}-${name}.log`)
      const log = openSync(file, 'a')
      const child = spawn(process.execPath, [...nodeOptions, '--import', usage, module], {
        env: { PATH: process.env.PATH, ...env },
        stdio: ['ignore', log, log, 'ipc'],
      })
      children.add(child)
      const exited = once(child, 'exit').then(([code]) => {
        children.delete(child)
        return code as number | null
      })
      return {
        name,
        async usage() {
          child.send('usage')
          const [answer] = (await Promise.race([once(child, 'message'), exited.then(() => [undefined])])) as [Usage?]
          if (!answer) throw new Error(`${name} ended while it was measured: ${readFileSync(file, 'utf8').slice(-2000)}`)
          return answer
        },
        log: () => readFileSync(file, 'utf8'),
        stop() {
          child.kill('SIGTERM')
          return exited
        },
      }
    },
    async end() {
      await Promise.all([...children].map((child) => (child.kill('SIGKILL'), once(child, 'exit'))))
      process.off('exit', killAll)
      killAll()
    },
  }
}
