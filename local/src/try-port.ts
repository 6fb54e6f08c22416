import { once } from 'node:events'
import { createServer } from 'node:net'

/** Resolves to undefined if a process can listen there, else to the code of the error. */
export async function tryPort(host: string, port: number): Promise<string | undefined> {
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
