import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseOptions, usage } from './options.ts'
import { scenarios } from './scenarios/index.ts'

test('without options everything is measured five times', () => {
  const usual = Object.keys(scenarios).filter((name) => !scenarios[name]!.onDemand)
  assert.deepEqual(parseOptions([]), { runs: 5, seconds: 3, only: usual, json: false })
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
  assert.equal(parseOptions(['--help']), 'help')
})

test('what is not understood is answered with what was expected', () => {
  for (const [line, message] of [
    ['--runs 0', '--runs: expected a whole number from 1 to 999, got "0"'],
    ['--seconds 0', '--seconds: expected seconds above 0 and below 10000, got "0"'],
    ['--only speed', /^--only: expected one of loops, .*, got "speed"$/],
    ['--against http://a', '--against: expected two URLs, of rng and hasher, got "http://a"'],
    ['--against a b', '--against: expected two URLs, of rng and hasher, got "a b"'],
    ['--only stop --against http://a http://b', /^--against: expected the scenario loops among those of --only/],
    ['loops', 'expected options, got "loops": npm run bench -- --help'],
    ['--fast', "Unknown option '--fast'"],
  ] as const)
    assert.throws(() => parseOptions(line.split(' ')), { name: 'UsageError', message })
})

test('the usage tells of every scenario', () => {
  for (const [name, { about }] of Object.entries(scenarios)) assert.ok(usage.includes(name) && usage.includes(about))
})
