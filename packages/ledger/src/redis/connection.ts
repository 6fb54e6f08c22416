import { setTimeout as sleep } from 'node:timers/promises'

import { createClient, ErrorReply } from '@redis/client'
import type allCommands from '@redis/client/dist/lib/commands/index.js'

import type { redisCommands } from './commands.ts'
import { scripts } from './scripts.ts'

/** A name server may take a while, too. */
const CONNECT_TIMEOUT_MS = 4000
/** A server that is silent for so long, although it is asked every second, is gone. */
const SILENCE_MS = 3000
const PING_INTERVAL_MS = 1000
const CALL_TIMEOUT_MS = 5000
const MIN_PAUSE_MS = 50
const MAX_PAUSE_MS = 1000

/**
 * Replies of a server that cannot serve the ledger, and may never: a replica, one that loads its data, a node of a cluster
 * that holds other keys. The connection is dropped, so that the name is resolved again.
 */
const WRONG_SERVER = /^(READONLY|MASTERDOWN|LOADING|MOVED|CLUSTERDOWN|TRYAGAIN|ASK)\b/

const CLOSED = new Error('the ledger is closed')

/** With no commands but those that images have. */
export type Client = Omit<ReturnType<typeof createOne>, Exclude<keyof typeof allCommands, keyof typeof redisCommands>>

export interface Connection {
  /**
   * Asks the server. Waits while a connection is being made, and ends the pause between two tries. Rejects when the try fails,
   * and after 5 s at the latest.
   */
  call<T>(question: (client: Client) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * Keeps one connection to Redis, from now until it is closed. The client's own way to reconnect is not used: it cannot
 * give up a connection on which a call went unanswered, and its pauses keep a process alive that has closed it.
 */
export function connectRedis(url: string, onConnect: (client: Client) => Promise<void>): Connection {
  const explain = explainer(url)
  const closed = new AbortController()
  let client: Client
  let connecting: Promise<unknown> | undefined
  /** The pause before the next try. */
  let pause: { over: Promise<void>; end: () => void } | undefined
  /** Why there is no connection, in the words of the last failure. */
  let trouble: unknown = new Error('not connected yet')
  /** Where a node of a Redis Cluster said that the keys are. */
  let movedTo: string | undefined

  async function connectOnce(): Promise<boolean> {
    client = createOne(movedTo ?? url)
    client.on('error', (error) => (trouble = error))
    client.unref() // a process that has nothing else to do may end
    const lost = new Promise((resolve) => client.once('terminated', resolve).once('end', resolve))
    connecting = client.connect()
    try {
      await connecting
      void onConnect(client)
    } catch (error) {
      trouble = error
      movedTo = undefined
      return false
    } finally {
      connecting = undefined
    }
    if (!closed.signal.aborted) await lost
    return true
  }

  async function stayConnected(): Promise<void> {
    for (let failures = 0; !closed.signal.aborted; failures++) {
      if (await connectOnce()) failures = 0
      client.destroy() // it may have been closed while it was connecting
      pause = beginPause(pauseMs(failures))
      await pause.over
      pause = undefined
    }
  }

  /** A call ends the pause, but not before the shortest one is over: there may be many calls. */
  function beginPause(ms: number): { over: Promise<void>; end: () => void } {
    const called = new AbortController()
    const ended = AbortSignal.any([called.signal, closed.signal])
    const over = sleepUnless(closed.signal, Math.min(ms, MIN_PAUSE_MS)).then(() =>
      sleepUnless(ended, ms - MIN_PAUSE_MS),
    )
    return { over, end: () => called.abort() }
  }
  void stayConnected()

  return {
    async call(question) {
      let asked = client
      const ask = async () => {
        pause?.end()
        // `stayConnected` awaits it too, and did so first: the next try has begun by the time this goes on.
        await pause?.over
        await connecting
        if (closed.signal.aborted) throw CLOSED
        asked = client
        return question(client)
      }
      const settled = new AbortController()
      const signal = AbortSignal.any([settled.signal, closed.signal])
      const tooLong = sleep(CALL_TIMEOUT_MS, undefined, { signal }).then(() => {
        if (asked === client) drop(asked) // whatever comes on this connection, it comes too late
        trouble = new Error(`no answer within ${CALL_TIMEOUT_MS} ms`)
        throw trouble
      })
      try {
        return await Promise.race([ask(), tooLong])
      } catch (error) {
        if (error instanceof ErrorReply && WRONG_SERVER.test(error.message)) {
          movedTo = addressOf(error.message, url)
          drop(asked)
        }
        throw closed.signal.aborted ? CLOSED : explain(error, client.isReady ? error : trouble)
      } finally {
        settled.abort()
      }
    },
    async close() {
      closed.abort()
      client.destroy()
    },
  }
}

/** Resolves after `ms`, or when `signal` fires. */
function sleepUnless(signal: AbortSignal, ms: number): Promise<void> {
  return sleep(Math.max(0, ms), undefined, { signal, ref: false }).catch(() => {})
}

function drop(client: Client): void {
  if (client.isOpen) client.destroy()
}

/** The URL of the node that a `MOVED <slot> <host>:<port>` names; undefined for any other reply. */
function addressOf(reply: string, url: string): string | undefined {
  const [, host, port] = /^MOVED \d+ (.*):(\d+)/.exec(reply) ?? []
  if (host === undefined || port === undefined) return undefined
  const moved = new URL(url)
  if (host !== '') moved.hostname = host.includes(':') ? `[${host}]` : host
  moved.port = port
  return moved.href
}

function createOne(url: string) {
  return createClient({
    url,
    scripts,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    pingInterval: PING_INTERVAL_MS,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS, reconnectStrategy: false },
  })
}

/** Grows from 50 ms to 1 s; random, so that many workers do not come back in step. */
function pauseMs(failures: number): number {
  return Math.min(MIN_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS) * (0.5 + Math.random() / 2)
}

/** Says in one line which server failed and how; never a password, which some servers repeat in their errors. */
function explainer(url: string) {
  const { host, password } = new URL(url)
  const secrets = [password, decodeURIComponent(password)].filter((secret) => secret !== '')
  return (error: unknown, cause: unknown): Error => {
    const what = error instanceof ErrorReply ? 'refused' : 'cannot be reached'
    const line = words(error instanceof ErrorReply ? error : cause).replace(/\s+/g, ' ')
    const safe = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line)
    return new Error(`Redis at ${host} ${what}: ${safe}`)
  }
}

function words(error: unknown): string {
  // Where a name has several addresses, each failure is a part and the whole says nothing.
  if (error instanceof AggregateError) return error.errors.map(words).join(', ')
  return error instanceof Error ? error.message || error.name : String(error)
}
