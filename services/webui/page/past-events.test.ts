import assert from 'node:assert/strict'
import { test } from 'node:test'

import { mergeMarks, mergeOutages } from './past-events.ts'

const scaled = { at: 1000, text: 'workers 1 → 10' }

test('a mark that was confirmed late has its place among the others', () => {
  const lost = { at: 1020, text: 'ledger lost' }
  assert.deepEqual(mergeMarks([lost], [scaled]), [scaled, lost])
})

test('marks stay when the web UI that knew them has restarted', () => {
  assert.deepEqual(mergeMarks([scaled], []), [scaled])
})

test('a change that two replicas of the web UI saw is one mark', () => {
  const other = { ...scaled, at: 1000.7 }
  const again = { ...scaled, at: 1060 }
  assert.deepEqual(mergeMarks([scaled, again], [other]), [other, again])
})

test('an outage that two replicas of the web UI saw is one', () => {
  const earlier = { from: 900, until: 910 }
  assert.deepEqual(mergeOutages([earlier, { from: 1000, until: 1010 }], [{ from: 1000.5, until: 1010.5 }]), [
    earlier,
    { from: 1000.5, until: 1010.5 },
  ])
})
