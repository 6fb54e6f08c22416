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
const describe = (given: Partial<Connection>) => describeStatus({ ...connection, ...given })
const title = (given: Partial<Connection>) => describe(given).title

test('each state has its title', () => {
  assert.equal(title({}), '2 workers running')
  assert.equal(title({ update: snapshot(1) }), '1 worker running')
  assert.equal(title({ update: undefined }), 'Connecting…')
  assert.equal(title({ update: snapshot(0) }), 'No workers')
  assert.equal(title({ update: { now: 100, ledgerLostSince: 90 } }), 'Ledger away')
  assert.equal(title({ disconnectedSince: 95 }), 'Connection lost')
})

test('a state without current numbers is "lost", and has since when', () => {
  for (const given of [{ update: { now: 100, ledgerLostSince: 90 } }, { disconnectedSince: 95 }]) {
    const { kind, text } = describe(given)
    assert.equal(kind, 'lost')
    assert.match(text, /since \d\d:\d\d:\d\d/)
  }
})

test('a connection that was only replaced is not a lost one', () => {
  assert.equal(title({ disconnectedSince: 98.5 }), '2 workers running')
  assert.equal(title({ disconnectedSince: 98 }), 'Connection lost')
})

test('numbers are stale after five seconds without an update', () => {
  assert.equal(title({ now: 104 }), '2 workers running')
  assert.equal(title({ now: 104.1 }), 'Stale numbers')
  assert.equal(title({ now: 104.1, update: snapshot(0) }), 'Stale numbers')
})

test('the text has the loops, unless there are workers that do not report', () => {
  assert.equal(describe({ update: snapshot(1) }).text, '1 loop')
  assert.match(describe({ update: snapshot(1, 9) }).text, /^Workers that do not report make 9\.00 per second/)
})

test('workers that do not report are running as well', () => {
  const alone = describe({ update: snapshot(0, 3.33) })
  assert.equal(alone.kind, 'mining')
  assert.equal(alone.title, 'Running')
  assert.equal(alone.text, 'Workers that do not report make 3.33 per second.')
})

test('the status is "Nothing is counted" only when that is known', () => {
  assert.doesNotMatch(describe({ update: snapshot(0, null) }).text, /Nothing is counted/)
  assert.match(describe({ update: snapshot(0, 0) }).text, /Nothing is counted/)
})

test('another version of the server is mentioned in every state', () => {
  for (const update of [snapshot(2), snapshot(0), undefined]) {
    assert.match(describe({ update, isOtherVersion: true }).text, /another version of this page/)
  }
})
