import assert from 'node:assert/strict'
import { test } from 'node:test'

import { toText } from './log.ts'

const time = new Date(2026, 10, 23, 9, 5, 7).getTime()

test('a line for people has the time and the message', () => {
  assert.equal(toText(JSON.stringify({ level: 30, time, name: 'rng', msg: 'listening' })), '09:05:07 listening\n')
})

test('a level other than info is named', () => {
  assert.equal(toText(JSON.stringify({ level: 40, time, msg: 'rng is lost' })), '09:05:07 WARN rng is lost\n')
})

test('an error that nobody foresaw is shown with its stack', () => {
  const line = toText(JSON.stringify({ level: 50, time, msg: 'failed', err: { stack: 'Error: no\n    at x' } }))
  assert.equal(line, '09:05:07 ERROR failed\nError: no\n    at x\n')
})
