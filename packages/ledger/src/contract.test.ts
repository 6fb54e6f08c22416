import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'

import { testContract } from '@dockercoins/testing/ledger-contract'
import { hasRedisServer, NO_REDIS, startRedisServer, type RedisServer } from '@dockercoins/testing/redis-server'
import { createClient } from '@redis/client'

import { openLedger } from './index.ts'

let folder: string
let server: RedisServer | undefined
let redisUrl = process.env.REDIS_URL?.startsWith('redis') ? process.env.REDIS_URL : ''
const skip = redisUrl || hasRedisServer() ? undefined : `${NO_REDIS}, or set REDIS_URL to one that may be written to`

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockercoins-ledger-'))
  if (redisUrl || skip) return
  server = await startRedisServer()
  redisUrl = server.url
})
after(async () => {
  await server?.remove()
  await rm(folder, { recursive: true })
})

/**
 * What a test's ledgers have before their prefix, so that no test sees another's, nor what else is
 * in a Redis that was given.
 */
const namespaces = new WeakMap<object, string>()

testContract('SQLite', async (t, options) => {
  const name = namespaces.get(t) ?? randomUUID()
  namespaces.set(t, name)
  const ledger = await openLedger({ ledgerUrl: `file:${join(folder, `${name}.db`)}`, keyPrefix: '', ...options })
  t.after(() => ledger.close())
  return ledger
})

testContract(
  'Redis',
  async (t, { keyPrefix = '', ...options } = {}) => {
    const namespace = namespaces.get(t) ?? `test-${randomUUID()}:`
    if (!namespaces.has(t)) t.after(() => removeKeys(namespace))
    namespaces.set(t, namespace)
    const ledger = await openLedger({ ledgerUrl: redisUrl, keyPrefix: namespace + keyPrefix, ...options })
    t.after(() => ledger.close())
    return ledger
  },
  skip,
)

async function removeKeys(prefix: string): Promise<void> {
  const client = await createClient({ url: redisUrl }).connect()
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*` })) if (keys.length > 0) await client.unlink(keys)
  client.destroy()
}
