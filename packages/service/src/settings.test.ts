import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'
import * as v from 'valibot'

import { ConfigError, integer, parseSettings, redactUrl, text } from './settings.ts'

const settings = {
  delayMs: integer('DELAY_MS', { default: 100, min: 0, max: 5000, unit: 'ms', meaning: 'a pause' }),
  url: text('URL', {
    default: 'http://a',
    meaning: 'an address',
    expected: 'a URL',
    schema: v.pipe(v.string(), v.startsWith('http:')),
  }),
}

test('a variable that is absent gives its default', () => {
  assert.deepEqual(parseSettings(settings, {}), { delayMs: 100, url: 'http://a' })
})

test('a variable that is present and valid is taken', () => {
  assert.deepEqual(parseSettings(settings, { DELAY_MS: '0', URL: 'http://b' }), { delayMs: 0, url: 'http://b' })
})

test('an invalid value is refused in one line with the variable, the value and what was expected', () => {
  const message = 'DELAY_MS is "soon": expected a whole number from 0 to 5000 (ms)'
  assert.throws(() => parseSettings(settings, { DELAY_MS: 'soon' }), new ConfigError(message))
})

test('a number takes plain decimal digits within its bounds and nothing else', () => {
  for (const value of [
    '',
    ' ',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '5001',
    '٣',
    'NaN',
    'Infinity',
    '1 ',
    '9'.repeat(400),
  ]) {
    assert.throws(() => parseSettings(settings, { DELAY_MS: value }), ConfigError, value)
  }
})

test('the result for any value is a whole number within bounds or a message of one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      try {
        const { delayMs } = parseSettings(settings, { DELAY_MS: value })
        assert.ok(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= 5000)
      } catch (error) {
        assert.ok(error instanceof ConfigError)
        assert.doesNotMatch(error.message, /[\n\r]/)
      }
    }),
  )
})

test('the password of a URL is not shown', () => {
  assert.throws(
    () => parseSettings(settings, { URL: 'ftp://me:secret@host' }),
    new ConfigError('URL is "ftp://***@host": expected a URL'),
  )
})

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
