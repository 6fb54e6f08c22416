import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { redactUrl } from './redact.ts'

test('a URL without credentials is shown as it is', () => {
  for (const url of [
    'redis://localhost:6379/1',
    'http://[::1]:80',
    'http://a,https://b:81',
    'file:/home/me@work/ledger.db',
    'text',
    '',
  ]) {
    assert.equal(redactUrl(url), url)
  }
})

for (const [url, shown] of [
  ['redis://user:SECRET@host:6379/1', 'redis://***@host:6379/1'],
  ['redis://:a@SECRET@host', 'redis://***@host'],
  ['redis://:SEC%40RET@host', 'redis://***@host'],
  ['redis://:a/SECRET@host', 'redis://***@host'],
  ['redis://:a#SECRET?SECRET@host', 'redis://***@host'],
  ['redis://:SECRET\nSECRET@host', 'redis://***@host'],
  ['rediss://SECRET@host', 'rediss://***@host'],
  ['http://a:SECRET@one,http://two, https://b:SECRET@three', 'http://***@one,http://two, https://***@three'],
  ['redis://:a,b://SECRET@host', 'redis://***@host'],
  ['redis:SECRET@host', '***@host'],
  ['http:\\\\me:SECRET@host', '***@host'],
  ['me:SECRET@host:6379', '***@host:6379'],
  ['redis://:SECRET', 'redis://:***'],
  ['redis://me:SECRET', 'redis://me:***'],
] as const) {
  test(`nothing of the credentials in ${JSON.stringify(url)} is shown`, () => {
    assert.equal(redactUrl(url), shown)
  })
}

test('whatever characters a password has, it is not shown', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.boolean(), (before, after, isEncoded) => {
      const password = `${before}SECRET${after}`
      const url = `redis://me:${isEncoded ? encodeURIComponent(password) : password}@host`
      assert.doesNotMatch(redactUrl(url), /SECRET/)
    }),
  )
})
