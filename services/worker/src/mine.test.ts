import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'

import type { Span } from '@dockercoins/service/tracing'

import { finishUnits, mineOnce, mineUntil, type Mine } from './mine.ts'
import type { Unit } from './tally.ts'
import type { Upstream } from './upstream/upstream.ts'

const timing = { queueMs: 0, workMs: 0, networkMs: 0, refused: 0, concurrency: 1, servedBy: 'a' }
const bytes = Buffer.alloc(32, 17)
const digest = hash('sha256', bytes)

/** An upstream whose every response has this body. */
function responding(body: Buffer): Upstream {
  return {
    request: (_request, read) => Promise.resolve().then(() => ({ ...timing, value: read(body, false) })),
    isReady: () => true,
    notResponding: () => [],
    health: () => ({ notResponding: [] }),
    destroy: () => {},
  }
}

function createMine(overrides: Partial<Mine> = {}) {
  const units: Unit[] = []
  const unitDone = (unit: Unit) => void units.push(unit)
  const recorder = { unitDone } as unknown as Mine['recorder']
  const rng = responding(bytes)
  const hasher = responding(Buffer.from(digest))
  const mine = { rng, hasher, recorder, hashesPerUnit: 1, pause: undefined }
  return { units, mine: { ...mine, ...overrides } }
}

test('a unit of work is 32 random bytes and their digest, here a coin', async () => {
  const { units, mine } = createMine()
  await mineOnce(mine, new AbortController().signal)
  assert.equal(units.length, 1)
  assert.equal(units[0]?.hashes, 1)
  assert.deepEqual(units[0]?.hasher.value, [{ digest, bytes: new Uint8Array(bytes) }])
})

test('with BATCH a unit of work is several hashes', async () => {
  const rng = responding(Buffer.concat([bytes, bytes, bytes]))
  const hasher = responding(Buffer.from(`${digest}\n`.repeat(3)))
  const { units, mine } = createMine({ rng, hasher, hashesPerUnit: 3 })
  await mineOnce(mine, new AbortController().signal)
  assert.equal(units[0]?.hashes, 3)
  assert.equal(units[0]?.hasher.value.length, 3)
})

test('a response that is no digest, or has not as many bytes as the request says, is no unit', async () => {
  for (const wrong of [{ hasher: responding(Buffer.from('<html>')) }, { rng: responding(Buffer.alloc(31)) }]) {
    const { units, mine } = createMine(wrong)
    await assert.rejects(mineOnce(mine, new AbortController().signal), /expected (64 hexadecimal digits|32 bytes), got/)
    assert.equal(units.length, 0)
  }
})

test('a traced unit ends, whether it is done or fails, and both requests are parts of it', async () => {
  const units: string[] = []
  const passed: unknown[] = []
  const start = (name: string): Span => ({ traceparent: '', start, end: () => void units.push(name) })
  const traced = (upstream: Upstream): Upstream => ({
    ...upstream,
    request(request, read, unit) {
      passed.push(typeof unit)
      return upstream.request(request, read)
    },
  })
  const parts = { tracing: { start, stop: async () => {} }, rng: traced(responding(bytes)) }
  const stop = new AbortController().signal
  await mineOnce(createMine({ ...parts, hasher: traced(responding(Buffer.from(digest))) }).mine, stop)
  await assert.rejects(mineOnce(createMine({ ...parts, hasher: traced(responding(bytes)) }).mine, stop))
  assert.deepEqual(units, ['unit of work', 'unit of work'])
  assert.deepEqual(passed, ['object', 'object', 'object', 'object'])
})

test('after the stop signal mining ends with the unit in progress', async () => {
  const stop = new AbortController()
  const { units, mine } = createMine()
  const unitDone = (unit: Unit) => {
    if (units.push(unit) === 5) stop.abort()
    return undefined
  }
  await mineUntil(stop.signal, { ...mine, recorder: { ...mine.recorder, unitDone } })
  assert.equal(units.length, 5)
})

test('mining waits while the recorder is saturated', async () => {
  const stop = new AbortController()
  const { units, mine } = createMine()
  const drained = Promise.withResolvers<void>()
  const unitDone = (unit: Unit) => {
    if (units.push(unit) === 2) stop.abort()
    return drained.promise
  }
  const mining = mineUntil(stop.signal, { ...mine, recorder: { ...mine.recorder, unitDone } })
  await new Promise(setImmediate)
  assert.equal(units.length, 1)
  drained.resolve()
  await mining
  assert.equal(units.length, 2)
})

test(
  'whatever a loop waits for, finishing its unit takes no longer than the deadline',
  { timeout: 30_000 },
  async () => {
    const never = new Promise<never>(() => {})
    const stop = new AbortController()
    const { mine } = createMine()
    const saturated = { ...mine.recorder, unitDone: () => never }
    const stuck = [{ rng: { ...mine.rng, request: () => never } }, { recorder: saturated }, { pause: () => never }]
    const loops = stuck.map((part) => mineUntil(stop.signal, { ...mine, ...part }))
    stop.abort()
    await finishUnits(loops, 10)
  },
)
