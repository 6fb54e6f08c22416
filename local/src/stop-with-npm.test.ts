import assert from 'node:assert/strict'
import { test } from 'node:test'

import { stopWithNpm } from './stop-with-npm.ts'

function setUp(env: NodeJS.ProcessEnv) {
  const calls: string[] = []
  const npm = { pid: 7 }
  stopWithNpm({ stop: () => calls.push('stop') }, { env, parent: () => npm.pid })
  return { calls, npm }
}

test('when npm is gone all stops, once', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { calls, npm } = setUp({ npm_lifecycle_event: 'start' })
  t.mock.timers.tick(1000)
  assert.deepEqual(calls, [])
  npm.pid = 1
  t.mock.timers.tick(1000)
  assert.deepEqual(calls, ['stop'])
})

test('a parent that is not npm may leave', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { calls, npm } = setUp({})
  npm.pid = 1
  t.mock.timers.tick(1000)
  assert.deepEqual(calls, [])
})
