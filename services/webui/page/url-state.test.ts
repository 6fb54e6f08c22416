import assert from 'node:assert/strict'
import { test } from 'node:test'

import { firstOption, readParameter, writeParameter } from './url-state.ts'

test('a parameter is read with its value, without one, and as absent', () => {
  const read = (name: string) => readParameter('?minutes=15&present', name)
  assert.deepEqual(['minutes', 'present', 'pin'].map(read), ['15', '', undefined])
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
  const minutes = (...wanted: (string | null | undefined)[]) => firstOption(['5', '1', '15', '60'], ...wanted)
  assert.equal(minutes('15', '60'), '15')
  assert.equal(minutes('7', '60'), '60')
  assert.equal(minutes(undefined, '60'), '60')
  assert.equal(minutes('', null), '5')
})
