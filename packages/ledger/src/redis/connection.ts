import { setTimeout as sleep } from 'node:timers/promises'

import { createClient, ErrorReply } from '@redis/client'

import type { WithFewCommands } from './fast/commands.ts'
import { scripts } from './scripts.ts'

/** A name server may take a while, too. */
const CONNECT_TIMEOUT_MS = 4000
const CALL_TIMEOUT_MS = 5000

/** Replies of a server that may never serve the ledger: a replica, one that loads, another node. */
const WRONG_SERVER = /^(READONLY|MASTERDOWN|LOADING|MOVED|CLUSTERDOWN|TRYAGAIN|ASK)\b/

export type Client = WithFewCommands<ReturnType<typeof createOne>>

export type Connection = ReturnType<typeof connectRedis>

interface Attempt {
  client: Client
  /** Resolves when the client is connected, and rejects when it cannot be. */
  connected: Promise<void>
  /** The last error of the socket. */
  failure?: unknown
}

/**
 * Connects to Redis now, and again whenever a call finds no connection. Callers repeat their calls
 * with a backoff of their own, so the client's reconnecting is switched off: a call would have to
 * wait for its next attempt.
 */
export function connectRedis(url: string, onConnect: (client: Client) => Promise<void>) {
  const closed = new AbortController()
  /** `url`, or the node of a Redis Cluster that holds the keys. */
  let address = url
  let current: Attempt | undefined = connect()

  function connect(): Attempt {
    const client = createOne(address)
    const attempt: Attempt = { client, connected: client.connect().then(begin) }
    client.on('error', (error) => (attempt.failure = error))
    client.once('terminated', () => drop(attempt))
    client.unref() // a process that has nothing else to do may end
    attempt.connected.catch(() => drop(attempt))
    return attempt

    function begin(): void {
      // A client that is destroyed while TCP connects goes on connecting.
      if (current === attempt) void onConnect(client)
      else client.destroy()
    }
  }

  function drop(attempt: Attempt, nextAddress = url): void {
    attempt.client.destroy()
    if (current !== attempt) return
    current = undefined
    address = nextAddress
  }

  return {
    /** Runs commands on the connection, made first if there is none. Rejects after 5 s at the latest. */
    async call<T>(commands: (client: Client) => Promise<T>): Promise<T> {
      closed.signal.throwIfAborted()
      const attempt = (current ??= connect())
      const settled = new AbortController()
      const signal = AbortSignal.any([settled.signal, closed.signal])
      const timeout = sleep(CALL_TIMEOUT_MS, undefined, { signal }).then(() => {
        drop(attempt)
        throw (attempt.failure = new Error(`no reply within ${CALL_TIMEOUT_MS} ms`))
      })
      try {
        return await Promise.race([attempt.connected.then(() => commands(attempt.client)), timeout])
      } catch (error) {
        closed.signal.throwIfAborted()
        if (!(error instanceof ErrorReply)) throw explain(url, attempt.failure ?? error)
        if (WRONG_SERVER.test(error.message)) drop(attempt, movedTo(error.message, url))
        throw explain(url, error)
      } finally {
        settled.abort()
      }
    },
    async close(): Promise<void> {
      closed.abort(new Error('the ledger is closed'))
      if (current) drop(current)
    },
  }
}

/** The URL of the node that a `MOVED <slot> <host>:<port>` names; undefined for any other reply. */
function movedTo(reply: string, url: string): string | undefined {
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
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
  })
}

/** One line: which server, and why. Without the password, which some servers repeat. */
function explain(url: string, error: unknown): Error {
  const { host, password } = new URL(url)
  const outcome = error instanceof ErrorReply ? 'refused' : 'cannot be reached'
  let line = messageOf(error).replace(/\s+/g, ' ')
  for (const secret of [password, decodeURIComponent(password)]) if (secret) line = line.replaceAll(secret, '***')
  return new Error(`Redis at ${host} ${outcome}: ${line}`)
}

function messageOf(error: unknown): string {
  // Where a name has several addresses, the error holds one error for each and has no message.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ')
  return error instanceof Error ? error.message || error.name : String(error)
}
