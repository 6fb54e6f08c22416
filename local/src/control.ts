import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { dirname, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'

import { LocalError, parseScale, type Scale } from './options.ts'
import { repository } from './spawn-service.ts'

const MAX_REQUEST_LENGTH = 1000
/** A client that sends no whole request has this long. Milliseconds. */
const REQUEST_TIMEOUT_MS = 5_000

/** What a running copy replies to a request. */
interface Reply {
  message: string
  exitCode: 0 | 1 | 2
}

/** A relative path, because the system limits its length to about 100 bytes. */
function socketOf(port: number): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\dockercoins-${port}`
  return relative(process.cwd(), join(repository, '.data', `${port}.sock`))
}

/**
 * Listens for `npm run scale` to the copy at `port`, and replies with the line of `scale`.
 * Resolves to a function that stops it. Calls `onFailure` when this copy cannot be reached.
 */
export async function listenForScale(
  port: number,
  scale: (wanted: Scale) => Promise<string>,
  onFailure: (why: string) => void,
): Promise<() => void> {
  const path = socketOf(port)
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    // Not of the reply: a large change takes longer.
    const timer = setTimeout(() => socket.destroy(), REQUEST_TIMEOUT_MS)
    socket.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
    void reply(socket, scale)
  }).unref()
  try {
    const other = await connectTo(path)
    other?.destroy()
    if (other) throw new Error(`another copy runs on port ${port}`)
    if (process.platform !== 'win32') {
      await mkdir(dirname(path), { recursive: true })
      await rm(path, { force: true }) // of a runner that was killed
    }
    // No other user can connect: a chmod after `listen` would leave a moment.
    const mask = process.umask(0o177)
    server.listen(path)
    process.umask(mask)
    await once(server, 'listening')
  } catch (error) {
    onFailure((error as Error).message)
  }
  return () => void server.close()
}

async function reply(socket: Socket, scale: (wanted: Scale) => Promise<string>): Promise<void> {
  let answer: Reply
  try {
    const words = (await readShort(socket)).split(' ').filter(Boolean)
    answer = { message: await scale(parseScale(words, 'scale')), exitCode: 0 }
  } catch (error) {
    answer = { message: (error as Error).message, exitCode: error instanceof LocalError ? error.exitCode : 1 }
  }
  socket.end(JSON.stringify(answer))
}

/** The request, such as `worker=10 rng=3`. Rejects when it is too long. */
async function readShort(socket: Socket): Promise<string> {
  let request = ''
  for await (const chunk of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    request += String(chunk)
    if (request.length > MAX_REQUEST_LENGTH) throw new LocalError('scale: expected a shorter request', 2)
  }
  return request
}

/** Scales the copy at `port`. Resolves to a line that says what was done. */
export async function requestScale(port: number, wanted: Scale): Promise<string> {
  const socket = await connectTo(socketOf(port))
  if (!socket) throw new LocalError(`nothing runs on port ${port}: start it with npm start, or name another --port`)
  socket.end(
    Object.entries(wanted)
      .map(([service, count]) => `${service}=${count}`)
      .join(' '),
  )
  const answer = await text(socket).catch(() => '')
  if (answer === '') throw new LocalError('the application stopped before it was scaled')
  const { message, exitCode } = JSON.parse(answer) as Reply
  if (exitCode > 0) throw new LocalError(message, exitCode === 2 ? 2 : 1)
  return message
}

async function connectTo(path: string): Promise<Socket | undefined> {
  const socket = connect({ path, allowHalfOpen: true })
  try {
    await once(socket, 'connect')
    return socket
  } catch {
    return undefined
  }
}
