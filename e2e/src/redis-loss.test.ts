import assert from 'node:assert/strict'
import { test } from 'node:test'

import { startCuttingProxy } from '@dockercoins/ledger/cutting-proxy'
import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/ledger/redis-server'

import { audit, hashed, totals, unitsDone, until } from './figures.ts'
import { startService } from './service-process.ts'

const fast = { DELAY_MS: '5', INTERVAL_MS: '20', LOOPS: '2' }
const skip = hasRedisServer() ? false : NO_REDIS

test(
  'a Redis that is stopped and killed twenty times, with replies cut on the way, loses nothing and counts nothing twice',
  { skip },
  async (t) => {
    const redis = await startRedisServer()
    t.after(() => redis.remove())
    const proxy = await startCuttingProxy(redis.port, () => Math.random() < 0.05)
    t.after(() => proxy.close())
    const [rng, hasher] = await Promise.all([startService(t, 'rng', fast), startService(t, 'hasher', fast)])
    const webui = await startService(t, 'webui', { LEDGER_URL: redis.url })
    const workers = await Promise.all(
      [1, 2, 3].map(() =>
        startService(t, 'worker', {
          ...fast,
          LEDGER_URL: `redis://127.0.0.1:${proxy.port}`,
          RNG_URL: rng.url,
          HASHER_URL: hasher.url,
        }),
      ),
    )
    for (let round = 0; round < 20; round++) {
      const { hashes } = await until(
        () => totals(webui.url),
        () => true,
      )
      await until(
        () => totals(webui.url),
        (now) => now.hashes > hashes + 20,
      )
      await redis.stop(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL')
      await redis.start()
    }
    for (const worker of workers) worker.kill('SIGTERM')
    assert.deepEqual(await Promise.all(workers.map(({ exited }) => exited)), [0, 0, 0])

    const units = workers.reduce((sum, { lines }) => sum + unitsDone(lines), 0)
    const { hashes } = await until(
      () => totals(webui.url),
      () => true,
    )
    assert.equal(hashes, units)
    assert.ok((await hashed(hasher.url)) >= hashes)
    assert.ok(proxy.cuts() > 0, 'no reply was cut')
    assert.match(await audit(redis.url), /sound/)
  },
)
