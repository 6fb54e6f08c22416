import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseOptions, parseScaleCommand, usage } from './options.ts'

test('no options mean the defaults', () => {
  assert.deepEqual(parseOptions([]), { scale: {}, port: 8000 })
})

test('every option is understood, --scale several times and with the last word', () => {
  const args = ['--scale', 'worker=10', '--scale=rng=3', '--scale', 'worker=0', '--port', '8100', '--data', 'x']
  assert.deepEqual(parseOptions(args), { scale: { worker: 0, rng: 3 }, port: 8100, data: 'x' })
  assert.deepEqual(parseOptions(['--redis', 'redis://h:1']), { scale: {}, port: 8000, redis: 'redis://h:1' })
  const flags = { fresh: true, quiet: true, watch: true }
  assert.deepEqual(parseOptions(Object.keys(flags).map((flag) => `--${flag}`)), { scale: {}, port: 8000, ...flags })
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
  [['--fresh', '--data', 'x'], /--fresh: expected the ledger in \.data, got another/],
  [['--fresh', '--redis', 'redis://h'], /--fresh: expected the ledger in \.data, got another/],
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
  for (const option of ['--scale', '--port', '--data', '--redis', '--fresh', '--quiet', '--watch', '--help'])
    assert.ok(usage.includes(`  ${option}`))
})

test('an option that npm kept for itself is a usage error, not a default', () => {
  for (const option of ['scale', 'port', 'data', 'redis', 'fresh', 'quiet', 'watch']) {
    assert.throws(() => parseOptions([], { [`npm_config_${option}`]: 'worker=2' }), {
      message: new RegExp(`expected options after a --, got "--${option}"`),
      exitCode: 2,
    })
  }
})

test('npm run scale takes services and a port', () => {
  assert.deepEqual(parseScaleCommand(['worker=10', 'rng=3']), { port: 8000, scale: { worker: 10, rng: 3 } })
  assert.deepEqual(parseScaleCommand(['--port', '8100', 'rng=0']), { port: 8100, scale: { rng: 0 } })
  assert.equal(parseScaleCommand(['--help']), 'help')
})

test('npm run scale with nonsense is a usage error', () => {
  for (const [args, message] of [
    [[], /scale: expected SERVICE=N, got nothing/],
    [['worker'], /scale: expected SERVICE=N, .*got "worker"/],
    [['worker=101'], /N from 0 to 100, got "worker=101"/],
    [['--port', 'x', 'worker=1'], /--port: expected a number from 1 to 65535, got "x"/],
  ] as const) {
    assert.throws(() => parseScaleCommand([...args]), { message, exitCode: 2 })
  }
  assert.throws(() => parseScaleCommand(['worker=1'], { npm_config_port: '8100' }), { exitCode: 2 })
})

test('--fresh is refused where a variable names another ledger', () => {
  assert.throws(() => parseOptions(['--fresh'], { LEDGER_URL: 'redis://h' }), { message: /--fresh: /, exitCode: 2 })
})
