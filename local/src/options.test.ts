import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseOptions, usage } from './options.ts'

test('no options mean the defaults', () => {
  assert.deepEqual(parseOptions([]), { scale: {} })
})

test('every option is understood, --scale several times and with the last word', () => {
  const args = ['--scale', 'worker=10', '--scale=rng=3', '--scale', 'worker=0', '--port', '8100', '--data', 'x']
  assert.deepEqual(parseOptions(args), { scale: { worker: 0, rng: 3 }, port: 8100, dataFolder: 'x' })
  assert.deepEqual(parseOptions(['--redis', 'redis://h:1']), { scale: {}, redisUrl: 'redis://h:1' })
  assert.deepEqual(parseOptions(['--watch']), { scale: {}, watch: true })
  assert.equal(parseOptions(['--help']), 'help')
  assert.equal(parseOptions(['-h']), 'help')
})

const nonsense: [args: string[], message: RegExp][] = [
  [['--scale', 'redis=2'], /--scale: expected SERVICE=N, .* webui, rng, hasher, worker .*got "redis=2"/],
  [['--scale', 'worker=101'], /N from 0 to 100, got "worker=101"/],
  [['--scale', 'worker=-1'], /got "worker=-1"/],
  [['--scale', 'worker=1.5'], /got "worker=1\.5"/],
  [['--scale', 'worker'], /got "worker"/],
  [['--scale', 'toString=1'], /got "toString=1"/],
  [['--scale'], /'--scale <value>' argument missing/],
  [['--port', '0'], /--port: expected a number from 1 to 65535, got "0"/],
  [['--port', '65536'], /got "65536"/],
  [['--port', '80a'], /got "80a"/],
  [['--redis', 'http://x'], /--redis: expected a URL such as redis:\/\/localhost:6379, got "http:\/\/x"/],
  [['--redis', 'redis+x://u:secret@h'], /got "redis\+x:\/\/\*\*\*@h"/],
  [['--redis', 'redis://h', '--data', 'x'], /expected --redis or --data, got both/],
  [['--data', ''], /--data: expected a folder/],
  [['--colour'], /Unknown option '--colour'/],
  [['worker=10'], /expected options after a --, got "worker=10": npm start -- --scale worker=10/],
]
for (const [args, message] of nonsense) {
  test(`"${args.join(' ')}" is a usage error in one line that says what was expected`, () => {
    assert.throws(
      () => parseOptions(args),
      (error: Error) => {
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /\n/)
        return 'exitCode' in error && error.exitCode === 2
      },
    )
  })
}

test('the usage names every option', () => {
  for (const option of ['--scale', '--port', '--data', '--redis', '--watch', '--help'])
    assert.ok(usage.includes(`  ${option}`))
})

test('an option that npm kept for itself is a usage error, not a default', () => {
  for (const option of ['scale', 'port', 'data', 'redis']) {
    assert.throws(() => parseOptions([], { [`npm_config_${option}`]: 'worker=2' }), {
      message: new RegExp(`expected options after a --, got "--${option}"`),
      exitCode: 2,
    })
  }
})
