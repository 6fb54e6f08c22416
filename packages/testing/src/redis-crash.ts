import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { openLedger, type Entry, type Ledger } from '@dockercoins/ledger'
import { createClient } from '@redis/client'

import { startRedisServer, type RedisServer } from './redis-server.ts'

type Client = ReturnType<typeof connectTo>

function connectTo(url: string) {
  return createClient({ url })
}

/** A Redis whose append-only file a test can read and replace, as a crash would leave it. */
export interface CrashingRedis extends RedisServer {
  /** The bytes that were appended until now; everything acknowledged is among them. */
  read(): Promise<Buffer>
  /**
   * Closes all ledgers, stops the server and starts it again on this append-only file, or on its
   * own.
   */
  restart(signal: 'SIGTERM' | 'SIGKILL', file?: Buffer): Promise<void>
  /**
   * A ledger of its own connection, which has written nothing, and whose `record` tries again as a
   * worker does: this machine may be busy. Closed by the next restart.
   */
  open(maxCoins?: number): Promise<Ledger>
  /** Another client's connection, used for one question. */
  ask<T>(question: (client: Client) => Promise<T>): Promise<T>
}

/**
 * Starts one, removed after the test; undefined where it runs in a container, whose files a test
 * cannot change.
 */
export async function startCrashingRedis(t: TestContext): Promise<CrashingRedis | undefined> {
  const server = await startRedisServer()
  t.after(() => server.remove())
  async function ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    const client = connectTo(server.url)
    await client.connect()
    return question(client).finally(() => client.destroy())
  }
  const { dir = '' } = await ask((client) => client.configGet('dir'))
  const folder = join(dir, 'appendonlydir')
  const name = (await readdir(folder).catch(() => [])).find((file) => file.endsWith('.incr.aof'))
  if (name === undefined) return undefined
  const path = join(folder, name)

  const opened = new Set<Ledger>()
  const closeAll = async () => {
    for (const ledger of opened) await ledger.close()
    opened.clear()
  }
  t.after(closeAll)

  return {
    ...server,
    ask,
    read: () => readFile(path),
    async restart(signal, file) {
      await closeAll() // or they would all try to reconnect
      await server.stop(signal)
      if (file) await writeFile(path, file)
      await server.start()
    },
    async open(maxCoins) {
      const ledger = await openLedger({
        ledgerUrl: server.url,
        keyPrefix: '',
        ...(maxCoins !== undefined && { maxCoins }),
      })
      opened.add(ledger)
      return { ...ledger, record: (entry) => recordStubbornly(ledger, entry) }
    },
  }
}

async function recordStubbornly(ledger: Ledger, entry: Entry): Promise<'recorded' | 'duplicate'> {
  for (let tries = 1; ; tries++) {
    try {
      return await ledger.record(entry)
    } catch (error) {
      if (tries === 100) throw error
      await sleep(50)
    }
  }
}
