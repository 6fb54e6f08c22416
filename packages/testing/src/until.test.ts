import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until, within } from './until.ts'

const failing = () => Promise.reject(new Error('connection refused'))
const never = () => new Promise<never>(() => {})

test('a wait ends with the first answer that will do, after wrong answers and errors', async () => {
  let asked = 0
  const question = () => {
    asked++
    if (asked === 1) throw new Error('not yet')
    return asked
  }
  assert.equal(await until('a third answer', question, (answer) => answer === 3), 3)
})

test('a wait in vain ends with what was awaited and the last answer', async () => {
  const vain = until(
    'two hashes',
    () => ({ hashes: 1 }),
    ({ hashes }) => hashes === 2,
    50,
  )
  await assert.rejects(vain, { message: 'expected two hashes within 0.05 s, got { hashes: 1 }' })
})

test('a wait in vain ends with the last error', async () => {
  await assert.rejects(until('an answer', failing, undefined, 50), {
    message: 'expected an answer within 0.05 s, got Error: connection refused',
  })
})

test('a wait for what never settles ends too, whether a question or a promise', async () => {
  await assert.rejects(until('an answer', never, undefined, 50), /expected an answer within 0\.05 s, got no answer/)
  await assert.rejects(
    within('an exit', never(), () => 'two lines', 50),
    /expected an exit within 0\.05 s, got two lines/,
  )
})
