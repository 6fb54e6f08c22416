import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { fetchCoins } from './hasher.ts'
import type { Upstream } from './upstream/upstream.ts'

const timing = { queueMs: 0, workMs: 0, networkMs: 0, concurrency: 1, servedBy: 'a' }
const digest = hash('sha256', Buffer.alloc(32, 7))
const wrongCoin = `0${'f'.repeat(63)}`

/** A hasher whose response has this body. */
function responding(body: string, isTrial = false) {
  const requests: string[] = []
  const hasher = {
    request: (request, read) => {
      requests.push(`${request.method} ${request.path} ${request.body?.length ?? 0}`)
      return Promise.resolve().then(() => ({ ...timing, value: read(Buffer.from(body), isTrial) }))
    },
  } as Upstream
  return { hasher, requests }
}

test('a digest that begins with 0 is a coin', async () => {
  const bytes = Buffer.alloc(32, 17)
  const coin = { digest: hash('sha256', bytes), bytes: new Uint8Array(bytes) }
  const { hasher, requests } = responding(coin.digest)
  assert.deepEqual((await fetchCoins(hasher, bytes)).value, [coin])
  assert.deepEqual((await fetchCoins(responding(digest).hasher, Buffer.alloc(32, 7))).value, [])
  assert.deepEqual(requests, ['POST / 32'])
})

test('a batch is one request, and every coin in it has its own bytes', async () => {
  const property = fc.asyncProperty(fc.integer({ min: 2, max: 1000 }), async (count) => {
    const bytes = randomBytes(32 * count)
    const pieces = Array.from({ length: count }, (_, index) => bytes.subarray(32 * index, 32 * (index + 1)))
    const hashed = pieces.map((piece) => ({ digest: hash('sha256', piece), bytes: Uint8Array.from(piece) }))
    const { hasher, requests } = responding(hashed.map((piece) => `${piece.digest}\n`).join(''))
    const { value } = await fetchCoins(hasher, bytes)
    assert.deepEqual(
      value,
      hashed.filter((piece) => piece.digest.startsWith('0')),
    )
    assert.deepEqual(requests, [`POST /batch ${32 * count}`])
  })
  await fc.assert(property, { numRuns: 30 })
})

test('a response that is no digest is an error', async () => {
  for (const wrong of ['<html>', '', digest.toUpperCase(), digest.slice(1), `${digest}\n`, `${digest}0`]) {
    const { hasher } = responding(wrong)
    await assert.rejects(fetchCoins(hasher, Buffer.alloc(32, 7)), /expected 64 hexadecimal digits, got/)
  }
})

test('a batch with a line too few, too many or no digest is an error', async () => {
  const line = `${digest}\n`
  for (const wrong of ['', line.repeat(2), line.repeat(4), `${line}${line}${'x'.repeat(64)}\n`]) {
    const { hasher } = responding(wrong)
    await assert.rejects(fetchCoins(hasher, Buffer.alloc(96, 7)), /expected 3 lines of 64 hexadecimal digits, got/)
  }
})

test('a wrong digest that begins with 0 is an error, alone or in a batch', async () => {
  const message = /expected the SHA-256 of the bytes, .*, got 0fff/
  await assert.rejects(fetchCoins(responding(wrongCoin).hasher, Buffer.alloc(32, 7)), message)
  await assert.rejects(fetchCoins(responding(`${digest}\n${wrongCoin}\n`).hasher, Buffer.alloc(64, 7)), message)
})

test('a trial verifies every digest', async () => {
  const wrong = 'f'.repeat(64)
  assert.deepEqual((await fetchCoins(responding(wrong).hasher, Buffer.alloc(32, 7))).value, [])
  const trial = fetchCoins(responding(wrong, true).hasher, Buffer.alloc(32, 7))
  await assert.rejects(trial, /expected the SHA-256 of the bytes/)
})
