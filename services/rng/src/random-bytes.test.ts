import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { randomBytes } from './random-bytes.ts'

async function collect(count: number): Promise<Buffer> {
  const bytes = randomBytes(count)
  return Buffer.isBuffer(bytes) ? bytes : buffer(bytes)
}

test('there are as many bytes as were asked for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.nat(100), fc.nat(300_000)), async (count) => {
      assert.equal((await collect(count)).length, count)
    }),
    { numRuns: 60 },
  )
})

test('no byte is handed out twice', async () => {
  const seen = new Set<string>()
  for (let draw = 0; draw < 5000; draw++) seen.add((await collect(32)).toString('hex'))
  assert.equal(seen.size, 5000)
})

test('what was handed out does not change afterwards', async () => {
  const first = await collect(32)
  const copy = Buffer.from(first)
  for (let draw = 0; draw < 1000; draw++) await collect(32)
  assert.deepEqual(first, copy)
})

test('the bytes are spread evenly: each value within six standard deviations of its share', async () => {
  const bytes = await collect(1_000_000)
  const counts = Array.from({ length: 256 }, () => 0)
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1
  const share = bytes.length / 256
  for (const count of counts) assert.ok(Math.abs(count - share) < 6 * Math.sqrt(share), `${count} against ${share}`)
})
