import assert from 'node:assert/strict'
import { test } from 'node:test'

import { pino } from 'pino'

import { capLog, LINES_PER_SECOND } from './capped-log.ts'

function collectLines() {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) })
  return { lines, capped: capLog(log, 'requests') }
}

test('lines and summaries add up to what happened', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { lines, capped } = collectLines()
  for (let request = 0; request < LINES_PER_SECOND + 7; request++) capped.info(() => [{}, 'GET /32'])
  assert.equal(lines.length, LINES_PER_SECOND)
  t.mock.timers.tick(1000)
  assert.equal(lines.at(-1), '7 more requests in the same second')
})

test('a quiet second has no summary, and the next second starts afresh', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { lines, capped } = collectLines()
  for (let second = 0; second < 3; second++) {
    for (let request = 0; request < LINES_PER_SECOND; request++) capped.info(() => [{}, 'GET /32'])
    t.mock.timers.tick(1000)
  }
  assert.equal(lines.length, 3 * LINES_PER_SECOND)
})

test('the summary that is due is written when the process stops', () => {
  const { lines, capped } = collectLines()
  for (let request = 0; request <= LINES_PER_SECOND; request++) capped.info(() => [{}, 'GET /32'])
  capped.flush()
  assert.equal(lines.at(-1), '1 more requests in the same second')
})
