import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseSettings } from '@dockercoins/service'

import { ledgerSettings, walletSettings } from './index.ts'

const parse = (env: NodeJS.ProcessEnv) => parseSettings(ledgerSettings, env)
const maxCoins = (env: NodeJS.ProcessEnv) => parseSettings(walletSettings, env).maxCoins

test('without settings the ledger is the classic one', () => {
  assert.deepEqual(parse({}), { ledgerUrl: 'redis://redis:6379', keyPrefix: '' })
})

test('LEDGER_URL takes Redis, with TLS or without, and a file', () => {
  const good = [
    'redis://redis',
    'redis://localhost:6380/',
    'redis://[::1]:6379/3',
    'rediss://me:p%40ss@redis.example.com:6379',
    'redis://:secret@redis',
    'file:ledger.db',
    'file:data/50%#.db',
    'file:/var/lib/ledger.db',
    'file:///tmp/a%20b.db',
  ]
  for (const url of good) assert.equal(parse({ LEDGER_URL: url }).ledgerUrl, url)
})

test('REDIS_URL is understood too, and LEDGER_URL wins', () => {
  assert.equal(parse({ REDIS_URL: 'redis://older' }).ledgerUrl, 'redis://older')
  assert.equal(parse({ REDIS_URL: 'redis://older', LEDGER_URL: 'file:a.db' }).ledgerUrl, 'file:a.db')
  assert.throws(() => parse({ REDIS_URL: 'http://redis' }), /^ConfigError: REDIS_URL is "http:\/\/redis": expected/)
})

test('LEDGER_URL refuses everything else, names it and says what was expected', () => {
  const bad = [
    '',
    'redis',
    'redis:6379',
    'http://redis',
    'redis://',
    'redis://redis:99999',
    'redis://redis/zero',
    'redis://redis?db=1',
    'redis://:100%@redis',
    'unix:/tmp/redis.sock',
    'file:',
    'file:folder/',
    'file://host/ledger.db',
    'file:a\0b',
  ]
  for (const url of bad) {
    assert.throws(
      () => parse({ LEDGER_URL: url }),
      /^ConfigError: LEDGER_URL is ".*": expected redis:\/\/\[user:password@\]/,
      url,
    )
  }
})

test('a refused LEDGER_URL does not show its password', () => {
  assert.throws(
    () => parse({ LEDGER_URL: 'redis://me:geheim@redis/zero' }),
    ({ message }: Error) => !message.includes('geheim'),
  )
})

test('KEY_PREFIX takes up to 128 printable characters and no spaces', () => {
  for (const prefix of ['', '{blue}:', 'a'.repeat(128)]) assert.equal(parse({ KEY_PREFIX: prefix }).keyPrefix, prefix)
  for (const prefix of ['a b', 'ü', 'a\n', 'a'.repeat(129)]) {
    assert.throws(() => parse({ KEY_PREFIX: prefix }), /KEY_PREFIX is .*: expected at most 128 printable ASCII/)
  }
})

test('MAX_COINS takes whole numbers from 0 to the last that is exact, and is a million without', () => {
  assert.equal(maxCoins({}), 1_000_000)
  for (const count of [0, 1, Number.MAX_SAFE_INTEGER]) assert.equal(maxCoins({ MAX_COINS: `${count}` }), count)
  assert.throws(() => maxCoins({ MAX_COINS: '9007199254740992' }), /expected a whole number from 0 to 9007199254740991/)
})
