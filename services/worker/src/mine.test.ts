import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'

import { finishUnits, mineOnce, mineUntil, type Mine } from './mine.ts'
import type { Unit } from './tally.ts'
import type { Upstream } from './upstream/upstream.ts'

const timing = { queueMs: 0, workMs: 0, networkMs: 0, concurrency: 1, servedBy: 'a' }
const digest = hash('sha256', Buffer.alloc(32, 7), 'hex')

/** An upstream that gives one answer, whatever it is asked, as the real one would read it. */
function answering(body: Buffer): Upstream {
  return {
    ask: (_request, read) => Promise.resolve().then(() => ({ ...timing, value: read(body, false) })),
    isReady: () => true,
    notResponding: () => [],
    destroy: () => {},
  }
}

function createMine(overrides: Partial<Mine> = {}) {
  const units: Unit[] = []
  const recorder = { unitDone: (unit: Unit) => units.push(unit), isFull: () => false } as unknown as Mine['recorder']
  const mine = {
    rng: answering(Buffer.alloc(32, 7)),
    hasher: answering(Buffer.from(digest)),
    recorder,
    hashesPerUnit: 1,
    pause: undefined,
  }
  return { units, mine: { ...mine, ...overrides } }
}

test('a unit of work is 32 random bytes and their digest', async () => {
  const { units, mine } = createMine()
  await mineOnce(mine, new AbortController().signal)
  assert.equal(units.length, 1)
  assert.deepEqual(units[0]?.bytes.value, Buffer.alloc(32, 7))
  assert.equal(units[0]?.digests.value.toString(), digest)
})

test('a batch is one request to each, for as many bytes and digests as it has hashes', async () => {
  const asked: string[] = []
  const asking = (body: Buffer): Upstream => ({
    ...answering(body),
    ask: (request, read) => {
      asked.push(`${request.method} ${request.path} ${request.body?.length ?? 0}`)
      return answering(body).ask(request, read)
    },
  })
  const lines = `${digest}\n`.repeat(3)
  const { units, mine } = createMine({
    rng: asking(Buffer.alloc(96, 7)),
    hasher: asking(Buffer.from(lines)),
    hashesPerUnit: 3,
  })
  await mineOnce(mine, new AbortController().signal)
  assert.deepEqual(asked, ['GET /96 0', 'POST /batch 96'])
  assert.equal(units[0]?.digests.value.toString(), lines)
})

test('a batch with a line too few, too many or no digest is no unit', async () => {
  for (const wrong of [
    '',
    `${digest}\n`.repeat(2),
    `${digest}\n`.repeat(4),
    `${digest}\n${digest}\n${'x'.repeat(64)}\n`,
  ]) {
    const { units, mine } = createMine({
      rng: answering(Buffer.alloc(96)),
      hasher: answering(Buffer.from(wrong)),
      hashesPerUnit: 3,
    })
    await assert.rejects(mineOnce(mine, new AbortController().signal), /expected 3 lines of 64 hexadecimal digits, got/)
    assert.equal(units.length, 0)
  }
})

test('an answer that is no digest, or not as many bytes as were asked for, is no unit', async () => {
  for (const wrong of [{ hasher: answering(Buffer.from('<html>')) }, { rng: answering(Buffer.alloc(31)) }]) {
    const { units, mine } = createMine(wrong)
    await assert.rejects(mineOnce(mine, new AbortController().signal), /expected (64 hexadecimal digits|32 bytes), got/)
    assert.equal(units.length, 0)
  }
})

test('mining ends with the unit in hand once it is told to stop', async () => {
  const stop = new AbortController()
  const { units, mine } = createMine()
  const unitDone = (unit: Unit) => {
    if (units.push(unit) === 5) stop.abort()
  }
  await mineUntil(stop.signal, { ...mine, recorder: { ...mine.recorder, unitDone } })
  assert.equal(units.length, 5)
})

test('mining waits while the recorder is full, and a stop ends the wait', async () => {
  const stop = new AbortController()
  const { units, mine } = createMine()
  const room = () => {
    stop.abort()
    return Promise.resolve()
  }
  await mineUntil(stop.signal, { ...mine, recorder: { ...mine.recorder, isFull: () => true, room } })
  assert.equal(units.length, 0)
})

test(
  'whatever a loop waits for, finishing its unit takes no longer than the deadline',
  { timeout: 30_000 },
  async () => {
    const never = new Promise<never>(() => {})
    const stop = new AbortController()
    const { mine } = createMine()
    const full = { ...mine.recorder, isFull: () => true, room: () => never }
    const stuck = [{ rng: { ...mine.rng, ask: () => never } }, { recorder: full }, { pause: () => never }]
    const loops = stuck.map((part) => mineUntil(stop.signal, { ...mine, ...part }))
    stop.abort()
    await finishUnits(loops, 10)
  },
)

test('a wrong digest that begins with 0 is no unit, alone or in a batch', async () => {
  const wrong = `0${'f'.repeat(63)}`
  const alone = createMine({ hasher: answering(Buffer.from(wrong)) })
  const batch = createMine({
    rng: answering(Buffer.alloc(64, 7)),
    hasher: answering(Buffer.from(`${digest}\n${wrong}\n`)),
    hashesPerUnit: 2,
  })
  for (const { mine, units } of [alone, batch]) {
    await assert.rejects(
      mineOnce(mine, new AbortController().signal),
      /expected the SHA-256 of the bytes, .*, got 0fff/,
    )
    assert.equal(units.length, 0)
  }
})
