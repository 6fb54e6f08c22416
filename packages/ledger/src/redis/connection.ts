import { setTimeout as sleep } from 'node:timers/promises'

import { createClient, ErrorReply } from '@redis/client'

import type { WithFewCommands } from './fast/commands.ts'
import { scripts } from './scripts.ts'

/** A name server may take a while, too. */
const CONNECT_TIMEOUT_MS = 4000
const CALL_TIMEOUT_MS = 5000
/** Between a connection that failed and the next, however many calls there are. */
const RECONNECT_DELAY_MS = 50

/**
 * Replies of a server that cannot serve the ledger, and may never: a replica, one that loads its
 * data, a node of a cluster that holds other keys. The connection is dropped, so that the name is
 * resolved again.
 */
const WRONG_SERVER = /^(READONLY|MASTERDOWN|LOADING|MOVED|CLUSTERDOWN|TRYAGAIN|ASK)\b/

export type Client = WithFewCommands<ReturnType<typeof createOne>>

export interface Connection {
  /**
   * Runs commands on the connection, which is made first if there is none. Rejects after 5 s at the
   * latest.
   */
  call<T>(commands: (client: Client) => Promise<T>): Promise<T>
  close(): Promise<void>
}

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
export function connectRedis(url: string, onConnect: (client: Client) => Promise<void>): Connection {
  const explain = explainer(url)
  const closed = new AbortController()
  let current: Attempt | undefined
  let delayMs = 0
  /** `url`, or the node of a Redis Cluster that holds the keys. */
  let address = url

  function drop(attempt: Attempt): void {
    if (current === attempt) current = undefined
    delayMs = RECONNECT_DELAY_MS
    attempt.client.destroy()
  }

  function connect(): Attempt {
    const client = createOne(address)
    const attempt: Attempt = { client, connected: run() }
    client.on('error', (error) => (attempt.failure = error))
    client.once('terminated', () => drop(attempt))
    client.unref() // a process that has nothing else to do may end
    attempt.connected.catch(() => {})
    return attempt

    async function run(): Promise<void> {
      await sleep(delayMs, undefined, { signal: closed.signal })
      try {
        await client.connect()
      } catch (error) {
        address = url
        drop(attempt)
        throw error
      }
      // A client that is destroyed while TCP connects goes on connecting.
      if (current !== attempt) return drop(attempt)
      delayMs = 0
      void onConnect(client)
    }
  }
  current = connect()

  return {
    async call(commands) {
      closed.signal.throwIfAborted()
      const attempt = (current ??= connect())
      const settled = new AbortController()
      const signal = AbortSignal.any([settled.signal, closed.signal])
      const timeout = sleep(CALL_TIMEOUT_MS, undefined, { signal }).then(() => {
        throw (attempt.failure = new Error(`no reply within ${CALL_TIMEOUT_MS} ms`))
      })
      try {
        return await Promise.race([attempt.connected.then(() => commands(attempt.client)), timeout])
      } catch (error) {
        closed.signal.throwIfAborted()
        if (error === attempt.failure) drop(attempt)
        if (error instanceof ErrorReply && WRONG_SERVER.test(error.message)) {
          address = movedTo(error.message, url) ?? url
          drop(attempt)
        }
        throw explain(attempt.client.isReady || error instanceof ErrorReply ? error : (attempt.failure ?? error))
      } finally {
        settled.abort()
      }
    },
    async close() {
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

/**
 * Returns a function that makes one line of an error: which server, and why; without the password.
 */
function explainer(url: string) {
  const { host, password } = new URL(url)
  const secrets = [password, decodeURIComponent(password)].filter((secret) => secret !== '')
  return (error: unknown): Error => {
    const outcome = error instanceof ErrorReply ? 'refused' : 'cannot be reached'
    const line = messageOf(error).replace(/\s+/g, ' ')
    // Some servers repeat the password in their errors.
    const safe = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line)
    return new Error(`Redis at ${host} ${outcome}: ${safe}`)
  }
}

function messageOf(error: unknown): string {
  // Where a name has several addresses, the error holds one error for each and has no message.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ')
  return error instanceof Error ? error.message || error.name : String(error)
}
