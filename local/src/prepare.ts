import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { LocalError } from './options.ts'
import type { Plan, ProcessPlan } from './plan.ts'
import { tryPort } from './try-port.ts'

/** Rejects with LocalError for the first port that cannot be had, save those of `running`. */
export async function checkPorts({ base, host, processes }: Plan, running: ProcessPlan[] = []): Promise<void> {
  const advice = `choose other ports: npm start -- --port ${base < 65_000 && base >= 1024 ? base + 100 : 8100}`
  const ports = new Set(running.map(({ port }) => port))
  for (const { name, port } of processes.filter((process) => !ports.has(process.port))) {
    const code = await tryPort(host, port)
    if (code === undefined) continue
    if (code === 'EADDRINUSE') {
      throw new LocalError(`port ${port} is taken, and ${name} wants it: end what holds it, or ${advice}`)
    }
    if (code === 'EACCES') throw new LocalError(`port ${port} is not for this user, and ${name} wants it: ${advice}`)
    throw new LocalError(
      `cannot listen on ${host}, port ${port} (${code}), as ${name} wants: set HOST to an address of this machine`,
    )
  }
}

/** Makes the folder of the embedded ledger. With `fresh`, removes the ledger of an earlier run. */
export async function prepareFolder(folder: string, fresh: boolean): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new LocalError(`cannot make the data folder ${folder} (${error.message}): choose another with --data`)
  })
  const file = join(folder, 'ledger.db')
  if (!fresh || !existsSync(file)) return
  try {
    const { DatabaseSync } = await import('node:sqlite')
    const ledger = new DatabaseSync(file)
    // SQLite leaves its write-ahead log only while no other process has the file open.
    ledger.exec('PRAGMA journal_mode = DELETE')
    ledger.close()
  } catch (error) {
    throw new LocalError(`--fresh: cannot remove ${file} (${(error as Error).message}): stop what uses it`)
  }
  await rm(file)
}
