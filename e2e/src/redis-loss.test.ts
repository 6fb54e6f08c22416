import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { startCuttingProxy } from '@dockercoins/testing/cutting-proxy'
import { audit, fields, hashed, totals, unitsDone } from '@dockercoins/testing/figures'
import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/testing/redis-server'
import { startService } from '@dockercoins/testing/service-process'

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
        'an answer from /json',
        () => totals(webui.url),
        () => true,
      )
      await until(
        'enough hashes in /json',
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
      'an answer from /json',
      () => totals(webui.url),
      () => true,
    )
    assert.equal(hashes, units)
    assert.ok((await hashed(hasher.url)) >= hashes)
    assert.ok(proxy.cuts() > 0, 'no reply was cut')
    assert.match(await audit(redis.url), /sound/)
  },
)

test('a worker that must stop while the ledger is lost says how many hashes may be uncounted', { skip }, async (t) => {
  const redis = await startRedisServer()
  t.after(() => redis.remove())
  const [rng, hasher] = await Promise.all([startService(t, 'rng', fast), startService(t, 'hasher', fast)])
  const webui = await startService(t, 'webui', { LEDGER_URL: redis.url })
  const upstreams = { RNG_URL: rng.url, HASHER_URL: hasher.url }
  const worker = await startService(t, 'worker', { ...fast, ...upstreams, LEDGER_URL: redis.url })
  await until(
    'enough hashes in /json',
    () => totals(webui.url),
    ({ hashes }) => hashes > 20,
  )
  await redis.stop('SIGTERM')
  await worker.line(/ledger .* lost/)
  worker.kill('SIGTERM')
  assert.equal(await worker.exited, 1)
  const said = worker.lines.map((line) => Number(fields(line)['unrecorded'] ?? 0)).filter((hashes) => hashes > 0)
  assert.equal(said.length, 1, worker.lines.join('\n'))
  await redis.start()
  const { hashes } = await until('an answer from /json', () => totals(webui.url))
  const made = await hashed(hasher.url)
  // The last entry may have been recorded although its reply was lost. Hasher may have responded
  // to two loops that were cut off.
  const last = worker.lines.findLast((line) => 'sequence' in fields(line)) ?? ''
  const mayBeRecorded = Number(fields(last)['hashes'])
  const uncounted = made - hashes
  const what = `${hashes} of ${made} are counted, ${said[0]} may not be, ${mayBeRecorded} of those in the last entry`
  assert.ok(uncounted >= said[0]! - mayBeRecorded && uncounted <= said[0]! + 2, what)
})
