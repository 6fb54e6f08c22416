import assert from 'node:assert/strict'
import { test } from 'node:test'

import { countRestarts } from './namespace.ts'

const ended = (finishedAt: string) => ({
  status: { containerStatuses: [{ lastState: { terminated: { finishedAt } } }] },
})

test('a restart counts when the container ended after the update', () => {
  const pods = [
    ended('2026-01-31T12:00:01Z'),
    ended('2026-01-31T11:59:59Z'),
    { status: { containerStatuses: [{ lastState: {} }] } },
    { status: {} }, // is not scheduled yet
  ]
  assert.equal(countRestarts(JSON.stringify({ items: pods }), Date.parse('2026-01-31T12:00:00Z') / 1000), 1)
})

test('a namespace without pods is not taken for one without restarts', () => {
  assert.throws(() => countRestarts('{"items":[]}', 0), { message: /^expected pods of DockerCoins/ })
})
