import { join } from 'node:path'

import { freePort } from '@dockercoins/testing/listen'

import { untilReady } from './application.ts'
import type { Load } from './load.ts'
import type { Processes } from './processes.ts'

/** How the yardstick calls: with undici's bare dispatcher, or as most people would. */
export type Via = 'dispatch' | 'request'

const yardstick = (name: string) => join(import.meta.dirname, 'yardstick', `${name}.ts`)

/** The same loops over bare servers: no framework, no metrics, no ledger. Resolves when they run. */
export async function startFloor(processes: Processes, loops: number, via: Via): Promise<Load> {
  const [rng, hasher] = await Promise.all([startBare(processes, 'rng'), startBare(processes, 'hasher')])
  const loop = startLoop(processes, { rng: rng.url, hasher: hasher.url }, loops, via)
  return { ...loop, processes: [...loop.processes, rng, hasher] }
}

/** The yardstick's loops over any rng and hasher. */
export function startLoop(
  processes: Processes,
  { rng, hasher }: { rng: string; hasher: string },
  loops: number,
  via: Via,
): Load {
  const env = { RNG_URL: rng, HASHER_URL: hasher, LOOPS: `${loops}`, VIA: via }
  const worker = processes.start('worker', yardstick('loop'), env)
  return { processes: [worker], hashes: () => worker.ask('hashes') }
}

/** One of the bare servers; resolves when it listens. */
export async function startBare(processes: Processes, name: 'rng' | 'hasher') {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = processes.start(name, yardstick(name), { PORT: `${port}` })
  await untilReady(`${url}/1`, name === 'rng' ? 'GET' : 'POST')
  return { ...server, url }
}
