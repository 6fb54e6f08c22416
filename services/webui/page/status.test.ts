import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Snapshot } from '../src/api.ts'
import { describeStatus, type Connection } from './status.ts'

const snapshot = (workers: number, foreignSpeed: number | null = 0) =>
  ({ pipeline: { foreignSpeed, loops: workers, worker: { count: workers } } }) as Snapshot
const connection: Connection = {
  update: snapshot(2),
  updatedAt: 99,
  disconnectedSince: undefined,
  now: 100,
  isOtherVersion: false,
}
const title = (given: Partial<Connection>) => describeStatus({ ...connection, ...given }).title

test('each state has its title', () => {
  assert.equal(title({}), 'Mining')
  assert.equal(title({ update: undefined }), 'Connecting')
  assert.equal(title({ update: snapshot(0) }), 'No worker')
  assert.equal(title({ update: { now: 100, ledgerLostSince: 90 } }), 'Ledger unreachable')
  assert.equal(title({ disconnectedSince: 95 }), 'Connection lost')
})

test('a connection that was only replaced is not a lost one', () => {
  assert.equal(title({ disconnectedSince: 98.5 }), 'Mining')
  assert.equal(title({ disconnectedSince: 98 }), 'Connection lost')
})

test('numbers are old after five seconds without an update', () => {
  assert.equal(title({ now: 104 }), 'Mining')
  assert.equal(title({ now: 104.1 }), 'Old numbers')
  assert.equal(title({ now: 104.1, update: snapshot(0) }), 'Old numbers')
})

test('workers that do not report are mining as well', () => {
  const alone = describeStatus({ ...connection, update: snapshot(0, 3.33) })
  assert.equal(alone.title, 'Mining')
  assert.equal(alone.text, 'Workers that do not report make 3.33 hashes per second. No worker reports.')
  assert.match(
    describeStatus({ ...connection, update: snapshot(1, 9) }).text,
    /^1 worker running with 1 loop\. .* make 9\.00 hashes/,
  )
})

test('the status is "nothing is counted" only when that is known', () => {
  assert.doesNotMatch(describeStatus({ ...connection, update: snapshot(0, null) }).text, /nothing is counted/)
  assert.match(describeStatus({ ...connection, update: snapshot(0, 0) }).text, /nothing is counted/)
})

test('another version of the server is mentioned in every state', () => {
  for (const update of [snapshot(2), snapshot(0), undefined]) {
    assert.match(describeStatus({ ...connection, update, isOtherVersion: true }).text, /another version of this page/)
  }
})
