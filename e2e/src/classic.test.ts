import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { totals } from '@dockercoins/testing/figures'
import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/testing/redis-server'
import { startService } from '@dockercoins/testing/service-process'
import { createClient } from '@redis/client'

const skip = hasRedisServer() ? false : NO_REDIS

/** A call as the classic's worker makes it: plain HTTP, a new connection each time. */
async function call(url: string, body?: Buffer): Promise<Buffer> {
  const headers = { 'content-type': 'application/octet-stream' }
  const method = body ? 'POST' : 'GET'
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  request(url, { method, headers, agent: new Agent({ keepAlive: false }) }, (response) => resolve(buffer(response)))
    .on('error', reject)
    .end(body)
  return promise
}

/**
 * A worker that knows nothing of ours but the classic's protocol: HTTP on one side, two Redis keys
 * on the other.
 */
async function mineAsTheClassicDid(rng: string, hasher: string, redisUrl: string, units: number): Promise<number> {
  const redis = await createClient({ url: redisUrl }).connect()
  let coins = 0
  for (let unit = 0; unit < units; unit++) {
    const bytes = await call(`${rng}/32`)
    const digest = (await call(`${hasher}/`, bytes)).toString()
    assert.equal(digest, createHash('sha256').update(bytes).digest('hex'))
    if (digest.startsWith('0')) coins += await redis.hSet('wallet', digest, bytes)
    await redis.incrBy('hashes', 1)
  }
  await redis.close()
  return coins
}

test(
  'a worker that only knows the classic’s protocol works against our services and shows in /json',
  { skip },
  async (t) => {
    const redis = await startRedisServer()
    t.after(() => redis.remove())
    const env = { DELAY_MS: '1', LEDGER_URL: redis.url }
    const [rng, hasher, webui] = await Promise.all([
      startService(t, 'rng', env),
      startService(t, 'hasher', env),
      startService(t, 'webui', env),
    ])
    const coins = await mineAsTheClassicDid(rng.url, hasher.url, redis.url, 100)
    const shown = await totals(webui.url)
    assert.deepEqual([shown.hashes, shown.coins], [100, coins])
  },
)

test('a web UI that only knows the classic’s keys shows what our workers do', { skip }, async (t) => {
  const redis = await startRedisServer()
  t.after(() => redis.remove())
  const env = { DELAY_MS: '1', INTERVAL_MS: '20', LEDGER_URL: redis.url }
  const [rng, hasher] = await Promise.all([startService(t, 'rng', env), startService(t, 'hasher', env)])
  await startService(t, 'worker', { ...env, RNG_URL: rng.url, HASHER_URL: hasher.url })
  const client = await createClient({ url: redis.url }).connect()
  const classicJson = async () => ({ coins: await client.hLen('wallet'), hashes: Number(await client.get('hashes')) })
  const { coins, hashes } = await until('three coins in the classic keys', classicJson, (answer) => answer.coins >= 3)
  assert.ok(coins <= hashes)
  const wallet = await client.withTypeMapping({ 36: Buffer }).hGetAll('wallet')
  for (const [digest, bytes] of Object.entries(wallet)) {
    assert.equal(createHash('sha256').update(bytes).digest('hex'), digest)
  }
  await client.close()
})
