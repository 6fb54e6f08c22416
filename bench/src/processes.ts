import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))
const usage = fileURLToPath(new URL('usage.mjs', import.meta.url))
/** The variables and the options of Node that the images set, so that what is measured is what is deployed. */
const image = readImage()

export interface Usage {
  /** Processor time since it began, microseconds. */
  cpuMicros: number
  /** Resident memory, bytes. */
  rssBytes: number
}

/** A process that is measured. */
export interface Measured {
  name: string
  pid: number
  usage: () => Promise<Usage>
  /** What it has said so far. */
  log: () => string
  /** Asks it over the channel that it has to us. Rejects when it ends instead. */
  ask: <T>(question: string) => Promise<T>
  /** Sends SIGTERM; resolves to the exit code, null where a signal ended it. */
  stop: () => Promise<number | null>
}

export interface Processes {
  /** A folder that is gone when the scenario ends. */
  folder: string
  /** Runs a module as the images do, with `env` and nothing else of ours, its output in a file of `folder`. */
  start: (name: string, module: string, env?: NodeJS.ProcessEnv, preload?: string) => Measured
  /** Ends all that is running. */
  stopAll: () => Promise<void>
  /** Ends all that was started, and removes the folder. */
  end: () => Promise<void>
}

/** Starts processes to be measured. They are killed when this process ends, however it ends. */
export function createProcesses(): Processes {
  const folder = mkdtempSync(join(tmpdir(), 'dockercoins-bench-'))
  const children = new Map<ChildProcess, Promise<number | null>>()
  const killAll = () => {
    for (const child of children.keys()) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', killAll)
  let started = 0

  async function stopAll(): Promise<void> {
    for (const child of children.keys()) child.kill('SIGKILL')
    await Promise.all(children.values())
  }

  return {
    folder,
    start(name, module, env = {}, preload = '') {
      const file = join(folder, `${++started}-${name}.log`)
      const log = openSync(file, 'a')
      const imports = [usage, preload].flatMap((path) => (path ? ['--import', path] : []))
      const child = spawn(process.execPath, [...image.options, ...imports, module], {
        env: { PATH: process.env.PATH, ...image.env, ...env },
        stdio: ['ignore', log, log, 'ipc'],
      })
      closeSync(log)
      const exited = once(child, 'exit').then(([code]) => {
        children.delete(child)
        return code as number | null
      })
      children.set(child, exited)
      return measured(name, child, exited, () => readFileSync(file, 'utf8'))
    },
    stopAll,
    async end() {
      await stopAll()
      process.off('exit', killAll)
      killAll()
    },
  }
}

function measured(name: string, child: ChildProcess, exited: Promise<number | null>, log: () => string): Measured {
  async function ask<T>(question: string): Promise<T> {
    const answered = new Promise<T>((resolve) => {
      const listen = (message: { question: string; answer: T }) => {
        if (message.question !== question) return
        child.off('message', listen)
        resolve(message.answer)
      }
      child.on('message', listen)
    })
    child.send(question)
    const ended = exited.then(() => {
      throw new Error(`${name} ended while it was measured: ${log().slice(-500)}`)
    })
    return Promise.race([answered, ended])
  }
  return {
    name,
    pid: child.pid ?? 0,
    log,
    ask,
    usage: () => ask('usage'),
    stop() {
      child.kill('SIGTERM')
      return exited
    },
  }
}

function readImage(): { env: Record<string, string>; options: string[] } {
  const dockerfile = readFileSync(join(repository, 'services/worker/Dockerfile'), 'utf8')
  const line = /^ENV (.*)$/m.exec(dockerfile)?.[1] ?? ''
  const env = Object.fromEntries(
    [...line.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)].map(([, key, a, b]) => [key, a ?? b ?? '']),
  )
  const command = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? '[]') as string[]
  // An image has a service's bundle in /app.
  const bundle = join(repository, 'services/worker/dist')
  return { env, options: command.slice(0, -1).map((option) => option.replace('/app', bundle)) }
}
