import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'

import { SAME_KEYPRESS_MS, stopOnSignals } from './stop-on-signals.ts'

function setUp() {
  const source = new EventEmitter()
  const calls: string[] = []
  const clock = { now: 1000 }
  const local = { stop: () => calls.push('stop'), kill: () => void calls.push('kill') }
  stopOnSignals(local, source, () => clock.now)
  return { source, calls, clock }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
  test(`${signal} stops politely`, () => {
    const { source, calls } = setUp()
    source.emit(signal)
    assert.deepEqual(calls, ['stop'])
  })
}

test('one ^C that arrives twice, from the terminal and from npm, is one', () => {
  const { source, calls, clock } = setUp()
  source.emit('SIGINT')
  clock.now += SAME_KEYPRESS_MS
  source.emit('SIGINT')
  assert.deepEqual(calls, ['stop'])
})

test('a second signal, whichever, stops at once', () => {
  const { source, calls, clock } = setUp()
  source.emit('SIGINT')
  clock.now += SAME_KEYPRESS_MS + 1
  source.emit('SIGTERM')
  assert.deepEqual(calls, ['stop', 'kill'])
})
