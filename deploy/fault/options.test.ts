import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseCommand } from './options.ts'

const parse = (line: string) => parseCommand(line.split(' ').filter(Boolean))
const tenPercent = { service: 'rng', fault: { errors: 0.1, seconds: 30 }, isForOne: false, where: 'any' }

test('a fault is of all replicas of whichever application runs, for 30 s', () => {
  assert.deepEqual(parse('rng --errors 10%'), tenPercent)
})

test('every fault has its unit, and several go together', () => {
  assert.deepEqual(
    parse(
      'hasher --slower 2s --errors 1% --hang 5% --cut 100% --cpu 50% --memory 1024MB --unready --for 60m --one --compose',
    ),
    {
      service: 'hasher',
      fault: {
        slowerMs: 2000,
        errors: 0.01,
        hang: 0.05,
        cut: 1,
        cpu: 0.5,
        memoryMb: 1024,
        unready: true,
        seconds: 3600,
      },
      isForOne: true,
      where: 'compose',
    },
  )
})

test('--off ends a fault', () => {
  assert.deepEqual(parse('rng --off'), { ...tenPercent, fault: undefined })
})

test('the application is that of a port, of Compose or of a namespace', () => {
  assert.deepEqual(parse('rng --errors 10% --port 8100'), { ...tenPercent, where: { port: 8100 } })
  assert.deepEqual(parse('rng --errors 10% --compose'), { ...tenPercent, where: 'compose' })
  assert.deepEqual(parse('rng --errors 10% --namespace coins'), { ...tenPercent, where: { namespace: 'coins' } })
})

test('--help needs no more', () => {
  assert.equal(parse('--help'), 'help')
})

const invalid: [line: string, message: RegExp][] = [
  ['', /^expected one service, rng or hasher, got "": npm run fault -- rng/],
  ['worker --errors 10%', /^expected one service, rng or hasher, got "worker"/],
  ['rng hasher --errors 10%', /^expected one service, .* got "rng hasher"/],
  ['rng', /^expected a fault such as --errors 10%, or --off, got neither/],
  ['rng --errors 10% --off', /^expected a fault .* got both/],
  ['rng --errors 10', /^--errors: expected a share from 1% to 100%, got "10"$/],
  ['rng --hang 0%', /^--hang: expected a share/],
  ['rng --cut 101%', /^--cut: expected a share/],
  ['rng --cpu much', /^--cpu: expected a share/],
  ['rng --slower 0ms', /^--slower: expected a duration from 1ms to 10s, got "0ms"$/],
  ['rng --slower 11s', /^--slower: expected a duration/],
  ['rng --memory 1025MB', /^--memory: expected a size from 1MB to 1024MB, got "1025MB"$/],
  ['rng --memory 10', /^--memory: expected a size/],
  ['rng --errors 10% --for 61m', /^--for: expected a duration from 1s to 60m, got "61m"$/],
  ['rng --errors 10% --for 0s', /^--for: expected a duration/],
  ['rng --errors 10% --port 65536', /^--port: expected a number from 1 to 65535, got "65536"$/],
  ['rng --errors 10% --namespace=', /^--namespace: expected a name, got ""$/],
  ['rng --errors 10% --compose --port 8100', /^expected one of --port, --compose and --namespace, got several$/],
  ['rng --explode', /--explode/],
]

for (const [line, message] of invalid) {
  test(`"${line}" is refused in one line`, () => {
    assert.throws(
      () => parse(line),
      (error: Error) => message.test(error.message) && !error.message.includes('\n'),
    )
  })
}
