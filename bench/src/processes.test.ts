import assert from 'node:assert/strict'
import { test } from 'node:test'

import { usageOf } from './processes.ts'

test('the processor time and memory of a process are those that it measures itself', () => {
  const before = cpuMicros()
  const { cpuMicros: read, rssBytes } = usageOf(process.pid)
  const after = cpuMicros()
  // Two parts, each in whole steps of 10 ms.
  assert.ok(before - 20_000 <= read && read <= after, `expected ${before} – ${after} µs, got ${read}`)
  const ratio = rssBytes / process.memoryUsage.rss()
  assert.ok(ratio > 0.8 && ratio < 1.2, `expected the same memory, got ${ratio} of it`)
})

function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
