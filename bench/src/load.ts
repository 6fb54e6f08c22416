import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { freePorts } from '@dockercoins/testing/free-ports'

import { start, untilOk, type Measured, type Usage } from './processes.ts'

/** Something that makes hashes, and the processes that it takes. */
export interface Load {
  /** Hashes made since it began. */
  hashes: () => Promise<number>
  processes: Measured[]
  /**
   * Ours: stops the workers. Rejects unless each exits with 0 and the ledger has exactly the hashes
   * of their entries.
   */
  stopAndProve?: () => Promise<void>
}

export interface Figures {
  hashesPerSecond: number
  /** Of each process: its name, processor time per hash, and resident memory at the end. */
  costs: { name: string; cpuMicros: number; rssMb: number }[]
}

/** Lets a load warm up, its compilers and connections above all, and measures it. */
export async function measure({ hashes, processes }: Load, seconds: number): Promise<Figures> {
  await sleep(seconds < 0.5 ? 100 : 2000) // less than half a second is a test of the bench
  const before = await read()
  await sleep(seconds * 1000)
  const after = await read()
  const done = after.hashes - before.hashes
  const costs = processes.map(({ name }, index) => {
    const { cpuMicros, rssBytes } = after.usages[index]!
    return { name, cpuMicros: (cpuMicros - before.usages[index]!.cpuMicros) / done, rssMb: rssBytes / 1e6 }
  })
  return { hashesPerSecond: (done / (after.at - before.at)) * 1000, costs }

  async function read() {
    const at = performance.now()
    return { at, hashes: await hashes(), usages: await Promise.all(processes.map(({ ask }) => ask<Usage>('usage'))) }
  }
}

/**
 * How the yardstick sends requests: with undici's bare `dispatch`, or with `Pool.request` as most
 * people would.
 */
export type Via = 'dispatch' | 'request'

/** The floor: the same loops over bare servers, with no framework, metrics or ledger. */
export async function startFloor(loops: number, via: Via): Promise<Load> {
  const [rng, hasher] = await Promise.all([startServer('rng', 'GET', '/1'), startServer('hasher', 'POST', '/')])
  const load = startLoops({ rng: rng.url, hasher: hasher.url }, loops, via)
  return { ...load, processes: [...load.processes, rng, hasher] }
}

/** The yardstick's loops over any rng and hasher. */
export function startLoops(urls: { rng: string; hasher: string }, loops: number, via: Via): Load {
  const env = { RNG_URL: urls.rng, HASHER_URL: urls.hasher, LOOPS: `${loops}`, VIA: via }
  const worker = start('worker', join(import.meta.dirname, 'yardstick/loop.ts'), env)
  return { processes: [worker], hashes: () => worker.ask('hashes') }
}

async function startServer(name: string, method: string, path: string) {
  const port = await freePorts()
  const url = `http://127.0.0.1:${port}`
  const server = start(name, join(import.meta.dirname, 'yardstick/server.ts'), { PORT: `${port}` })
  await untilOk(`${url}${path}`, method)
  return { ...server, url }
}
