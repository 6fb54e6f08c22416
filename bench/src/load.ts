import { setTimeout as sleep } from 'node:timers/promises'

import type { Measured } from './processes.ts'

/** Something that makes hashes, and the processes that it takes. */
export interface Load {
  /** Hashes made since it began. */
  hashes: () => Promise<number>
  processes: Measured[]
}

export interface Figures {
  hashesPerSecond: number
  /** Processor time for each hash, by process, microseconds. */
  cpuMicros: Record<string, number>
  /** Resident memory at the end, by process, MB. */
  rssMb: Record<string, number>
  /** How many processors it kept busy. */
  cores: number
}

/** Just-in-time compilers and connections need a while. */
const WARM_UP_MS = 2000

/** Lets a load warm up, and measures it for so many seconds. */
export async function measure({ hashes, processes }: Load, seconds: number): Promise<Figures> {
  await sleep(WARM_UP_MS)
  const look = async () => ({
    at: performance.now(),
    hashes: await hashes(),
    usages: await Promise.all(processes.map((process) => process.usage())),
  })
  const before = await look()
  await sleep(seconds * 1000)
  const after = await look()
  const done = after.hashes - before.hashes
  const cpu = after.usages.map(({ cpuMicros }, index) => cpuMicros - before.usages[index]!.cpuMicros)
  const byName = (values: number[]) => Object.fromEntries(processes.map(({ name }, index) => [name, values[index]!]))
  return {
    hashesPerSecond: (done / (after.at - before.at)) * 1000,
    cpuMicros: byName(cpu.map((micros) => micros / done)),
    rssMb: byName(after.usages.map(({ rssBytes }) => rssBytes / 1e6)),
    cores: cpu.reduce((sum, micros) => sum + micros, 0) / 1000 / (after.at - before.at),
  }
}
