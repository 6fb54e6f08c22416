import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { backoffMs, isOwnLimit } from './outage.ts'

test('a backoff is between 50 ms and 2 s, however many failures came before it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (failures) => {
      const pause = backoffMs(failures)
      assert.ok(pause >= 50 && pause <= 2000, `${pause}`)
    }),
  )
})

test('backoffs grow', () => {
  assert.ok(backoffMs(1) <= backoffMs(3))
  assert.ok(backoffMs(3) <= backoffMs(5))
})

const failsWith = (code: string) => isOwnLimit(Object.assign(new Error('connect'), { code }))

test('an address that this machine cannot use is no limit of its own: EADDRNOTAVAIL without IPv6', () => {
  assert.deepEqual(['EMFILE', 'EADDRNOTAVAIL', 'ECONNREFUSED'].map(failsWith), [true, false, false])
})
