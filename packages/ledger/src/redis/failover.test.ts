import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { freePorts } from '@dockercoins/testing/free-ports'
import { listenLocally } from '@dockercoins/testing/listen'
import { hasRedisServer, NO_REDIS, startRedisServer, type RedisServer } from '@dockercoins/testing/redis-server'
import { sampleEntry, sampleCoin } from '@dockercoins/testing/sample-entry'
import { createClient } from '@redis/client'

import { openLedger, type Entry, type Ledger } from '../index.ts'

const TIMEOUT_MS = 30_000
const IN_CONTAINER = 'containers cannot reach one another on 127.0.0.1'
const CLUSTER = ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no']

suite('a Redis that is the wrong server', { skip: hasRedisServer() ? false : NO_REDIS, timeout: 90_000 }, () => {
  test('a ledger whose server became a replica goes to the new primary, and counts everything', async (t) => {
    const options = ['--repl-diskless-sync-delay', '0']
    const [first, second] = [await start(t, options), await start(t, options)]
    if (!(await isLocal(first))) return t.skip(IN_CONTAINER)
    await ask(second, ['REPLICAOF', '127.0.0.1', `${first.port}`])
    const address = await startSwitch(t, first.port)
    const ledger = await open(t, address.port)
    const entry = sampleEntry({ coins: [sampleCoin()] })
    await ledger.record(entry)
    await until('the replica follows', async () => (await ask(second, ['GET', 'hashes'])) === '10')

    await ask(second, ['REPLICAOF', 'NO', 'ONE'])
    await ask(first, ['REPLICAOF', '127.0.0.1', `${second.port}`])
    address.turnTo(second.port)
    await recordStubbornly(ledger, { ...entry, sequence: 2 })
    assert.deepEqual(await ledger.sums(), { hashes: 20, entries: 20, coins: 2 })
    assert.equal(await ask(second, ['GET', 'hashes']), '20')
  })

  test('a ledger whose server lost its primary resolves the name again', async (t) => {
    const right = await start(t)
    if (!(await isLocal(right))) return t.skip(IN_CONTAINER)
    const orphan = await start(t)
    const address = await startSwitch(t, orphan.port)
    const ledger = await open(t, address.port)
    await ledger.record(sampleEntry())
    await ask(orphan, ['CONFIG', 'SET', 'replica-serve-stale-data', 'no'])
    await ask(orphan, ['REPLICAOF', '127.0.0.1', `${await freePorts()}`])
    await assert.rejects(ledger.totals(), /refused: MASTERDOWN/)
    address.turnTo(right.port)
    await until('the other server answers', async () => (await ledger.totals()).hashes === 0)
  })

  test('a ledger whose server loads its data without end resolves the name again', async (t) => {
    const right = await start(t)
    const address = await startSwitch(t, await startLoading(t))
    const ledger = await open(t, address.port)
    await until('the server answers', () =>
      ledger.totals().then(
        () => false,
        (error: Error) => /refused: LOADING/.test(error.message),
      ),
    )
    address.turnTo(right.port)
    await recordStubbornly(ledger, sampleEntry())
    assert.deepEqual(await ledger.sums(), { hashes: 10, entries: 10, coins: 0 })
  })

  test('with a tag in the prefix a ledger follows a Redis Cluster to the node that holds its keys', async (t) => {
    const [one, two] = [await start(t, await clusterOptions()), await start(t, await clusterOptions())]
    if (!(await isLocal(one))) return t.skip(IN_CONTAINER)
    await ask(one, ['CLUSTER', 'ADDSLOTSRANGE', '0', '8191'])
    await ask(two, ['CLUSTER', 'ADDSLOTSRANGE', '8192', '16383'])
    const busPort = `${/cport=(\d+)|@(\d+)/.exec(String(await ask(two, ['CLUSTER', 'NODES'])))?.[2]}`
    await ask(one, ['CLUSTER', 'MEET', '127.0.0.1', `${two.port}`, busPort])
    for (const node of [one, two]) {
      await until('the nodes know each other', async () =>
        String(await ask(node, ['CLUSTER', 'INFO'])).includes('cluster_slots_ok:16384'),
      )
    }
    const ledgers = await Promise.all([one, two].map(({ port }) => open(t, port, '{blue}:')))
    for (const ledger of ledgers) await recordStubbornly(ledger, sampleEntry({ coins: [sampleCoin()] }))
    for (const ledger of ledgers) assert.deepEqual(await ledger.sums(), { hashes: 20, entries: 20, coins: 2 })
    const untagged = await open(t, one.port, 'green:')
    await assert.rejects(untagged.record(sampleEntry()), /refused: (CROSSSLOT|MOVED)/)
  })
})

async function start(t: TestContext, options: string[] = []): Promise<RedisServer> {
  const server = await startRedisServer(options)
  t.after(() => server.remove())
  return server
}

/** A bus port of its own: the default, the port and 10000, may be beyond the last. */
async function clusterOptions(): Promise<string[]> {
  return [...CLUSTER, '--cluster-port', `${await freePorts()}`]
}

async function open(t: TestContext, port: number, keyPrefix = ''): Promise<Ledger> {
  const ledger = await openLedger({ ledgerUrl: `redis://127.0.0.1:${port}`, keyPrefix })
  t.after(() => ledger.close())
  return ledger
}

async function isLocal(server: RedisServer): Promise<boolean> {
  const reply = await ask(server, ['CONFIG', 'GET', 'dir'])
  return existsSync(Object.values(reply as Record<string, string>)[0] ?? '')
}

async function ask({ url }: RedisServer, command: string[]): Promise<unknown> {
  const client = await createClient({ url }).connect()
  return client.sendCommand(command).finally(() => client.destroy())
}

/**
 * An address whose new connections go to another port from one moment to the next; open ones stay.
 */
async function startSwitch(t: TestContext, first: number): Promise<{ port: number; turnTo(port: number): void }> {
  let target = first
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(target, '127.0.0.1')
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy()).on('close', () => other.destroy())
      socket.pipe(other)
    }
  })
  const port = await listenLocally(proxy)
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  return { port, turnTo: (next) => (target = next) }
}

/** A server that takes connections and then says, for ever, that it is loading its data. */
async function startLoading(t: TestContext): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.on('data', (chunk) => {
      for (const command of chunk
        .toString('latin1')
        .split(/^\*(?=\d)/m)
        .slice(1)) {
        if (command.includes('HELLO')) socket.write('%1\r\n+proto\r\n:3\r\n')
        else
          socket.write(command.includes('SETINFO') ? '+OK\r\n' : '-LOADING Redis is loading the dataset in memory\r\n')
      }
    })
  })
  const port = await listenLocally(server)
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return port
}

async function recordStubbornly(ledger: Ledger, entry: Entry): Promise<void> {
  await until('the entry is recorded', async () => ['recorded', 'duplicate'].includes(await ledger.record(entry)))
}

/** Asks until the answer is yes; a question that rejects is asked again. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  let last: unknown
  for (const end = Date.now() + TIMEOUT_MS; Date.now() < end; await sleep(20)) {
    last = await isSo().catch((error: unknown) => error)
    if (last === true) return
  }
  throw new Error(`waited ${TIMEOUT_MS} ms until ${what}; last: ${String(last)}`)
}
