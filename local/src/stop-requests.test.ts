import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'

import { SAME_KEYPRESS_MS, stopOnSignals, stopWithNpm } from './stop-requests.ts'

function setUp() {
  const source = new EventEmitter()
  const calls: string[] = []
  const clock = { now: 1000 }
  const local = { stop: () => calls.push('stop'), kill: () => calls.push('kill') }
  stopOnSignals(local, source, () => clock.now)
  return { source, calls, clock }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
  test(`${signal} stops in order`, () => {
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

test('a second signal kills, whichever it is', () => {
  const { source, calls, clock } = setUp()
  source.emit('SIGINT')
  clock.now += SAME_KEYPRESS_MS + 1
  source.emit('SIGTERM')
  assert.deepEqual(calls, ['stop', 'kill'])
})

function setUpNpm(env: NodeJS.ProcessEnv) {
  const calls: string[] = []
  const npm = { pid: 7 }
  stopWithNpm({ stop: () => calls.push('stop') }, env, () => npm.pid)
  return { calls, npm }
}

test('when npm is gone everything stops, once', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { calls, npm } = setUpNpm({ npm_lifecycle_event: 'start' })
  t.mock.timers.tick(1000)
  assert.deepEqual(calls, [])
  npm.pid = 1
  t.mock.timers.tick(1000)
  assert.deepEqual(calls, ['stop'])
})

test('a parent that is not npm may exit', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { calls, npm } = setUpNpm({})
  npm.pid = 1
  t.mock.timers.tick(1000)
  assert.deepEqual(calls, [])
})
