import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Snapshot } from '../src/snapshot.ts'
import { describeState, type Sight } from './state.ts'

const snapshot = (workers: number) =>
  ({ pipeline: { loops: workers, worker: { replicas: Array.from({ length: workers }, () => 'w') } } }) as Snapshot
const sight: Sight = { update: snapshot(2), updatedAt: 99, disconnectedSince: undefined, now: 100, isCounting: true }
const title = (given: Partial<Sight>) => describeState({ ...sight, ...given }).title

test('each state is said plainly', () => {
  assert.equal(title({}), 'Mining')
  assert.equal(title({ update: undefined }), 'Connecting')
  assert.equal(title({ update: snapshot(0) }), 'No worker')
  assert.equal(title({ update: { now: 100, ledgerLostSince: 90 } }), 'Ledger unreachable')
  assert.equal(title({ disconnectedSince: 95 }), 'Connection lost')
})

test('a connection that is replaced is not a lost one', () => {
  assert.equal(title({ disconnectedSince: 98.5 }), 'Mining')
  assert.equal(title({ disconnectedSince: 98 }), 'Connection lost')
})

test('numbers are old after five seconds without news, whatever they say', () => {
  assert.equal(title({ now: 104 }), 'Mining')
  assert.equal(title({ now: 104.1 }), 'Old numbers')
  assert.equal(title({ now: 104.1, update: snapshot(0) }), 'Old numbers')
})

test('a counter that moves although no worker reports is explained', () => {
  const update = snapshot(0)
  assert.match(describeState({ ...sight, update, isCounting: true }).text, /counter moves/)
  assert.doesNotMatch(describeState({ ...sight, update, isCounting: false }).text, /counter moves/)
})
