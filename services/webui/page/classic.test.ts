import assert from 'node:assert/strict'
import { test } from 'node:test'

import { classicSpeed } from './classic.ts'

test('looking once a second at a counter that moves by 4 every 1.2 s gives a saw-tooth', () => {
  const looks = Array.from({ length: 7 }, (_, now) => ({ now, hashes: 4 * Math.floor(now / 1.2) }))
  const speeds = looks.slice(1).map((after, index) => classicSpeed(looks[index]!, after))
  assert.deepEqual(speeds, [0, 4, 4, 4, 4, 4])
})

test('two looks at the same moment give no speed', () => {
  assert.equal(classicSpeed({ now: 1, hashes: 1 }, { now: 1, hashes: 2 }), undefined)
})
