import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))
const usage = fileURLToPath(new URL('usage.mjs', import.meta.url))
const image = readImage()

/** Processor time since the start, kernel included, and resident memory. */
export interface Usage {
  cpuMicros: number
  rssBytes: number
}

export type Measured = ReturnType<typeof start>

/**
 * A folder for ledgers and logs. It is removed, and whatever runs is killed, when this process
 * exits.
 */
export const folder = mkdtempSync(join(tmpdir(), 'dockercoins-bench-'))
const running = new Map<ChildProcess, Promise<number | null>>()
let started = 0
process.once('exit', () => {
  void killAll()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a module as the images do, with their variables and `env`, and no other. */
export function start(name: string, module: string, env: NodeJS.ProcessEnv = {}, args: string[] = []) {
  // Its output goes to a file: reading pipes would take processor time from what is measured.
  const file = join(folder, `${++started}-${name}.log`)
  const output = openSync(file, 'a')
  const child = spawn(process.execPath, [...image.options, '--import', usage, module, ...args], {
    env: { PATH: process.env.PATH, ...image.env, ...env },
    stdio: ['ignore', output, output, 'ipc'],
  })
  closeSync(output)
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  running.set(child, exited)
  const log = () => readFileSync(file, 'utf8')

  /** Sends a question over the IPC channel. Rejects if the process ends before it responds. */
  function ask<T>(question: string): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const listen = (message: { question: string; answer: T }) => {
      if (message.question !== question) return
      child.off('message', listen)
      resolve(message.answer)
    }
    child.on('message', listen)
    child.send(question)
    void exited.then(() => reject(new Error(`${name} ended while it was measured: ${log().slice(-500)}`)))
    return promise
  }
  /** Sends SIGTERM. Resolves to the exit code, or to null where a signal ended the process. */
  function stop(): Promise<number | null> {
    child.kill('SIGTERM')
    return exited
  }
  return { name, pid: child.pid ?? 0, log, ask, stop }
}

/** Kills whatever still runs. */
export async function killAll(): Promise<void> {
  for (const child of running.keys()) child.kill('SIGKILL')
  await Promise.all(running.values())
}

/** Resolves when `url` responds with 200. Asks again after 2 ms, because this time is measured. */
export async function untilOk(url: string, method = 'GET'): Promise<void> {
  const deadline = performance.now() + 20_000
  while ((await fetch(url, { method }).catch(() => undefined))?.status !== 200) {
    if (performance.now() > deadline) throw new Error(`expected ${url} to respond with 200 within 20 s`)
    await sleep(2)
  }
}

/** The variables and Node options of the images, so that what is measured is what is deployed. */
function readImage(): { env: Record<string, string>; options: string[] } {
  const dockerfile = readFileSync(join(repository, 'services/worker/Dockerfile'), 'utf8')
  const pairs = /^ENV (.*)$/m.exec(dockerfile)?.[1]?.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g) ?? []
  const command = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? '[]') as string[]
  const bundle = join(repository, 'services/worker/dist')
  return {
    env: Object.fromEntries([...pairs].map(([, key, quoted, plain]) => [key!, quoted ?? plain ?? ''])),
    options: command.slice(0, -1).map((option) => option.replace('/app', bundle)),
  }
}
