import assert from 'node:assert/strict'
import { test } from 'node:test'

import { firstOption, readParameter, writeParameter } from './url-state.ts'

test('a parameter is read with its value, without one, and as absent', () => {
  const search = '?minutes=15&present'
  assert.deepEqual(
    ['minutes', 'present', 'pin'].map((name) => readParameter(search, name)),
    ['15', '', undefined],
  )
  assert.equal(readParameter('', 'present'), undefined)
})

test('a parameter is added, replaced and removed, and the others stay', () => {
  assert.equal(writeParameter('', 'present', ''), '?present')
  assert.equal(writeParameter('?present', 'minutes', '15'), '?present&minutes=15')
  assert.equal(writeParameter('?present&minutes=15&lab=a%20b', 'minutes', '60'), '?present&minutes=60&lab=a+b')
  assert.equal(writeParameter('?present&minutes=15', 'present', undefined), '?minutes=15')
  assert.equal(writeParameter('?present', 'present', undefined), '')
})

test('what is written is read again', () => {
  for (const value of ['', '1700000000.5', 'a&b=c d?é']) {
    assert.equal(readParameter(writeParameter('?x=1', 'pin', value), 'pin'), value)
  }
})

test('the URL comes before storage, and unknown values are ignored', () => {
  const options = ['5', '1', '15', '60'] as const
  assert.equal(firstOption(options, '15', '60'), '15')
  assert.equal(firstOption(options, '7', '60'), '60')
  assert.equal(firstOption(options, undefined, '60'), '60')
  assert.equal(firstOption(options, '', null), '5')
})
