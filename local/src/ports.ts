import { once } from 'node:events'
import { createServer } from 'node:net'

import { LocalError } from './local-error.ts'
import type { Plan, ProcessPlan } from './plan.ts'

/** Throws LocalError for the first port that cannot be had, before anything runs that would have to be stopped again. */
export async function checkPorts({ host, processes }: Plan): Promise<void> {
  const base = Math.min(...processes.map(({ port }) => port))
  for (const process of processes) {
    const code = await tryPort(host, process.port)
    if (code) throw new LocalError(explain(code, host, process, base))
  }
}

async function tryPort(host: string, port: number): Promise<string | undefined> {
  const server = createServer().listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
  server.close()
  await once(server, 'close')
  return undefined
}

function explain(code: string, host: string, { name, port }: ProcessPlan, base: number): string {
  const advice = `choose other ports: npm start -- --port ${base < 65_000 && base >= 1024 ? base + 100 : 8100}`
  if (code === 'EADDRINUSE') return `port ${port} is taken, and ${name} wants it: end what holds it, or ${advice}`
  if (code === 'EACCES') return `port ${port} is not for this user, and ${name} wants it: ${advice}`
  return `cannot listen on ${host}, port ${port} (${code}), as ${name} wants: set HOST to an address of this machine`
}
