import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseOptions, scenarios } from './options.ts'

test('without options every scenario is measured five times', () => {
  assert.deepEqual(parseOptions([]), { runs: 5, seconds: 3, only: Object.keys(scenarios), json: false })
})

test('every option is understood', () => {
  const line = '--runs 2 --seconds 0.5 --only loops --only stop --json --against http://a:1 http://b'
  assert.deepEqual(parseOptions(line.split(' ')), {
    runs: 2,
    seconds: 0.5,
    only: ['loops', 'stop'],
    json: true,
    against: { rng: 'http://a:1', hasher: 'http://b' },
  })
})

test('an invalid option is named, and the usage with every scenario follows', () => {
  for (const line of ['--runs 0', '--seconds 0', '--only speed', '--against http://a', '--against a b', '--fast']) {
    assert.throws(
      () => parseOptions(line.split(' ')),
      ({ message }: Error) => {
        assert.ok(message.includes(line.split(' ')[0]!), message)
        for (const [name, { about }] of Object.entries(scenarios))
          assert.ok(message.includes(`  ${name}`) && message.includes(about))
        return true
      },
    )
  }
})
