import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { dirname, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'

import { LocalError, parseScale, type Scale } from './options.ts'
import { repository, type ServiceName } from './spawn-service.ts'

/** The request for the addresses. */
const URLS = 'urls'
const MAX_REQUEST_LENGTH = 1000
/** A client that sends no whole request has this long. Milliseconds. */
const REQUEST_TIMEOUT_MS = 5_000

/** What a running copy can be asked for. */
export interface Control {
  /** Changes what runs. Resolves to a line that says what was done. */
  scale: (wanted: Scale) => Promise<string>
  /** Where each process is reached, by service. */
  urls: () => Urls
}
type Urls = Record<ServiceName, string[]>

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
 * Listens for `npm run scale` and `npm run fault` to the copy at `port`. Resolves to a function that
 * stops it. Calls `onFailure` when this copy cannot be reached.
 */
export async function listenForRequests(
  port: number,
  control: Control,
  onFailure: (why: string) => void,
): Promise<() => void> {
  const path = socketOf(port)
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    // Not of the reply: a large change takes longer.
    const timer = setTimeout(() => socket.destroy(), REQUEST_TIMEOUT_MS)
    socket.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
    void reply(socket, control)
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

async function reply(socket: Socket, { scale, urls }: Control): Promise<void> {
  let answer: Reply
  try {
    const words = (await readShort(socket)).split(' ').filter(Boolean)
    const message = words[0] === URLS ? JSON.stringify(urls()) : await scale(parseScale(words, 'scale'))
    answer = { message, exitCode: 0 }
  } catch (error) {
    answer = { message: (error as Error).message, exitCode: error instanceof LocalError ? error.exitCode : 1 }
  }
  socket.end(JSON.stringify(answer))
}

/** The request: `urls`, or what to scale, such as `worker=10 rng=3`. Rejects when it is too long. */
async function readShort(socket: Socket): Promise<string> {
  let words = ''
  for await (const chunk of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    words += String(chunk)
    if (words.length > MAX_REQUEST_LENGTH) throw new LocalError('scale: expected a shorter request', 2)
  }
  return words
}

/** Scales the copy at `port`. Resolves to a line that says what was done. */
export async function requestScale(port: number, wanted: Scale): Promise<string> {
  const words = Object.entries(wanted).map(([service, count]) => `${service}=${count}`)
  return request(port, words.join(' '))
}

/** Resolves to where each process of the copy at `port` is reached, by service. */
export async function requestUrls(port: number): Promise<Urls> {
  return JSON.parse(await request(port, URLS)) as Urls
}

async function request(port: number, words: string): Promise<string> {
  const socket = await connectTo(socketOf(port))
  if (!socket) throw new LocalError(`nothing runs on port ${port}: start it with npm start, or name another --port`)
  socket.end(words)
  const answer = await text(socket).catch(() => '')
  if (answer === '') throw new LocalError('the application stopped before it replied')
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
