import assert from 'node:assert/strict'
import { test } from 'node:test'

import { planReload } from './reload.ts'

test('a page loads itself again three times within a minute at most, and then again a minute later', () => {
  let reloads: number[] | undefined
  for (const now of [1000, 2000, 3000]) reloads = planReload(reloads, now)
  assert.deepEqual(reloads, [1000, 2000, 3000])
  assert.equal(planReload(reloads, 4000), undefined)
  assert.deepEqual(planReload(reloads, 61_500), [2000, 3000, 61_500])
})

test('what is no list of moments counts as no reloads, and moments of a clock that was set back do not count', () => {
  for (const before of [null, undefined, 'x', {}, ['x'], [9e12]]) assert.deepEqual(planReload(before, 5), [5])
})
