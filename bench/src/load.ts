import { setTimeout as sleep } from 'node:timers/promises'

import type { Measured } from './processes.ts'

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
  /** Processor time per hash, of all processes. */
  cpuMicros: number
  hashesPerSecond: number
  /** Of each process: its name, processor time per hash, and resident memory at the end. */
  costs: { name: string; cpuMicros: number; rssMb: number }[]
}

/** By then V8 has compiled what runs often. After a quarter of them a hash still takes 1.3 times as long. */
const WARM_HASHES = 40_000
const MAX_WARM_UP_MS = 30_000

/** Lets a load warm up, its compilers and connections above all, and measures it. */
export async function measure({ hashes, processes }: Load, seconds: number): Promise<Figures> {
  if (seconds >= 0.5) await warmUp(hashes)
  else await sleep(100) // less than half a second is a test of the bench
  const before = await read()
  await sleep(seconds * 1000)
  const after = await read()
  const done = after.hashes - before.hashes
  const costs = processes.map(({ name }, index) => {
    const { cpuMicros, rssBytes } = after.usages[index]!
    return { name, cpuMicros: (cpuMicros - before.usages[index]!.cpuMicros) / done, rssMb: rssBytes / 1e6 }
  })
  const cpuMicros = costs.reduce((total, cost) => total + cost.cpuMicros, 0)
  return { cpuMicros, hashesPerSecond: (done / (after.at - before.at)) * 1000, costs }

  async function read() {
    const usages = processes.map(({ usage }) => usage())
    return { at: performance.now(), usages, hashes: await hashes() }
  }
}

async function warmUp(hashes: Load['hashes']): Promise<void> {
  const deadline = performance.now() + MAX_WARM_UP_MS
  do await sleep(2000)
  while ((await hashes()) < WARM_HASHES && performance.now() < deadline)
}
