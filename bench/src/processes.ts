import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))
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

/** The command that runs a module as the images do. */
export function node(module: string, ...args: string[]): string[] {
  return [process.execPath, ...image.options, module, ...args]
}

/** Runs a command with the variables of the images and `env`, and no other. */
export function start(name: string, [program = '', ...args]: string[], env: NodeJS.ProcessEnv = {}) {
  // Its output goes to a file: reading pipes would take processor time from what is measured.
  const file = join(folder, `${++started}-${name}.log`)
  const output = openSync(file, 'a')
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, ...image.env, ...env },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  running.set(child, exited)
  const pid = child.pid ?? 0
  const log = () => readFileSync(file, 'utf8')

  function usage(): Usage {
    try {
      return usageOf(pid)
    } catch (error) {
      throw new Error(`${name} ended while it was measured: ${log().slice(-500)}`, { cause: error })
    }
  }
  /** Sends SIGTERM. Resolves to the exit code, or to null where a signal ended the process. */
  function stop(): Promise<number | null> {
    child.kill('SIGTERM')
    return exited
  }
  return { name, pid, log, usage, stop }
}

/** What a process has used, whatever it is written in. */
export function usageOf(pid: number): Usage {
  if (process.platform === 'linux') {
    // The name, which may contain spaces, ends with the last parenthesis. Time is in ticks of 10 ms.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    return { cpuMicros: (Number(fields[11]) + Number(fields[12])) * 10_000, rssBytes: Number(resident?.[1]) * 1024 }
  }
  // macOS: minutes, seconds and their hundredths; KiB.
  const columns = execFileSync('ps', ['-o', 'time=', '-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' })
  const [time = '', kib] = columns.trim().split(/\s+/)
  const seconds = time.split(':').reduce((total, part) => total * 60 + Number(part), 0)
  return { cpuMicros: seconds * 1e6, rssBytes: Number(kib) * 1024 }
}

/** Kills whatever still runs. */
export async function killAll(): Promise<void> {
  for (const child of running.keys()) child.kill('SIGKILL')
  await Promise.all(running.values())
}

/** Resolves when `url` responds with 200. Asks again after 2 ms, because this time is measured. */
export async function untilOk(url: string): Promise<void> {
  const deadline = performance.now() + 60_000
  while ((await fetch(url).catch(() => undefined))?.status !== 200) {
    if (performance.now() > deadline) throw new Error(`expected ${url} to respond with 200 within a minute`)
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
