import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'

import { openLedger, type UpstreamReport } from '@dockercoins/ledger'
import { until } from '@dockercoins/testing'
import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/testing/redis-server'
import { sampleEntry, sampleReport } from '@dockercoins/testing/sample-entry'
import { startService } from '@dockercoins/testing/service-process'
import type { Snapshot } from '@dockercoins/webui/api'

const WORKERS = 2500
const NAMES = 200

function entry(worker: string) {
  const upstream = madeUp(worker)
  const report = sampleReport(worker, { rng: upstream, hasher: upstream, expiresAfterMs: 600_000 })
  return sampleEntry({ worker, report })
}

function madeUp(worker: string): UpstreamReport {
  const names = Array.from({ length: NAMES }, (_, index) => [`${worker.slice(0, 8)}-${index}`, 1])
  return { ...sampleReport(worker).rng, replicas: Object.fromEntries(names) as Record<string, number> }
}

test(
  '2,500 workers that each name 200 replicas do not end the web UI, whose heap is 128 MB',
  { skip: hasRedisServer() ? false : NO_REDIS, timeout: 180_000 },
  async (t) => {
    const redis = await startRedisServer()
    t.after(() => redis.remove())
    const ledger = await openLedger({ ledgerUrl: redis.url, keyPrefix: '', maxCoins: 0 })
    await until('Redis to answer', () => ledger.ping())
    for (let done = 0; done < WORKERS; done += 50) {
      await Promise.all(Array.from({ length: 50 }, () => ledger.record(entry(randomUUID()))))
    }
    await ledger.close()

    const webui = await startService(t, 'webui', {
      LEDGER_URL: redis.url,
      NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=4',
    })
    const response = await fetch(`${webui.url}/events`, { signal: AbortSignal.timeout(60_000) })
    let snapshots = 0
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      const [whole, rest] = [text.slice(0, text.lastIndexOf('\n\n')), text.slice(text.lastIndexOf('\n\n'))]
      for (const [, data] of whole.matchAll(/event: snapshot\n.*\ndata: (.*)/g)) {
        const { worker, rng } = (JSON.parse(data ?? '') as Snapshot).pipeline
        assert.equal(worker.count, WORKERS)
        assert.ok(rng.count <= 1000 && rng.replicas.length <= 100, `${rng.count} replicas`)
        snapshots++
      }
      text = rest
      if (snapshots >= 5) break
    }
    assert.equal(snapshots >= 5, true, webui.lines.slice(-20).join('\n'))
  },
)
