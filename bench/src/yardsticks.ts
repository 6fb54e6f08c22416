import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { metric } from '@dockercoins/testing/figures'
import { freePorts } from '@dockercoins/testing/free-ports'

import type { Load } from './load.ts'
import { folder, node, start, untilOk } from './processes.ts'

type Part = 'rng' | 'hasher' | 'worker'

/** A copy of the loops, as one command per service. */
export type Yardstick = Record<Part, string[]>

const sources = join(import.meta.dirname, 'yardstick')
const server = node(join(sources, 'server.ts'))

/** Bare `node:http` servers and undici's `dispatch`: no framework, logs, metrics or ledger. */
export const floor: Yardstick = { rng: server, hasher: server, worker: node(join(sources, 'loop.ts')) }

/** Why plain Go is left out, and what to do about it. */
export const NO_GO =
  'there is no go on the PATH: install Go 1.19 or newer (apt install golang-go, brew install go, or https://go.dev/dl)'

export function hasGo(): boolean {
  return spawnSync('go', ['version']).status === 0
}

let plainGo: Yardstick | undefined

/** The same with Go's `net/http`. It is built by the first call. */
export function buildPlainGo(): Yardstick {
  if (plainGo) return plainGo
  const program = join(folder, 'plain-go')
  execFileSync('go', ['build', '-o', program, join(sources, 'go/main.go')], { stdio: 'inherit' })
  plainGo = { rng: [program, 'rng'], hasher: [program, 'hasher'], worker: [program, 'worker'] }
  return plainGo
}

/** Starts all three services of a yardstick. */
export async function startYardstick(yardstick: Yardstick, loops: number): Promise<Load> {
  const [rng, hasher] = await Promise.all([startPart(yardstick, 'rng'), startPart(yardstick, 'hasher')])
  const load = await startLoops(yardstick, { rng: rng.url, hasher: hasher.url }, loops)
  return { ...load, processes: [...load.processes, rng, hasher] }
}

/** Starts a yardstick's loops over any rng and hasher. */
export async function startLoops(
  yardstick: Yardstick,
  urls: { rng: string; hasher: string },
  loops: number,
): Promise<Load> {
  const env = { RNG_URL: urls.rng, HASHER_URL: urls.hasher, LOOPS: `${loops}` }
  const worker = await startPart(yardstick, 'worker', env)
  return { processes: [worker], hashes: () => metric(worker.url, /^dockercoins_hashes_total /) }
}

/** Starts one service of a yardstick. Resolves when it is ready. */
export async function startPart(yardstick: Yardstick, part: Part, env: NodeJS.ProcessEnv = {}) {
  const port = await freePorts()
  const url = `http://127.0.0.1:${port}`
  const measured = start(part, yardstick[part], { PORT: `${port}`, HOSTNAME: `${part}-1`, ...env })
  await untilOk(`${url}${part === 'worker' ? '/metrics' : '/32'}`)
  return { ...measured, url }
}
