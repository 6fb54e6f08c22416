import assert from 'node:assert/strict'
import { test } from 'node:test'

import { toResults, toTable, toVerdicts } from './report.ts'

const results = toResults('loops', [
  { name: '1 loop', unit: 'hashes/s', values: [2000, 14_321.4, 3000] },
  { name: '1 loop', unit: '× the floor', values: [0.934], goal: { atLeast: 0.9 } },
  { name: 'worker', unit: 'MB', values: [121.2], goal: { atMost: 120 } },
  { name: 'overhead', unit: 'ms', values: [2], goal: { below: 2 } },
])

test('the table has the median of all runs and how far they spread', () => {
  assert.deepEqual(toTable(results).split('\n'), [
    'scenario  figure    median  unit         lowest – highest',
    'loops     1 loop     3,000  hashes/s     2,000 – 14,321',
    'loops     1 loop      0.93  × the floor  0.93 – 0.93',
    'loops     worker       121  MB           121 – 121',
    'loops     overhead    2.00  ms           2.00 – 2.00',
  ])
})

test('each goal is met or missed, with its figure', () => {
  assert.deepEqual(toVerdicts(results).split('\n'), [
    'met     loops: 1 loop: 0.93 × the floor, at least 0.90',
    'MISSED  loops: worker: 121 MB, at most 120',
    'MISSED  loops: overhead: 2.00 ms, below 2.00',
  ])
})
