import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { LocalOptions } from './options.ts'
import { planLocal } from './plan.ts'

function plan(options: LocalOptions = {}, env: NodeJS.ProcessEnv = {}) {
  const { processes, ...rest } = planLocal(options, env)
  return { ...rest, processes, ports: Object.fromEntries(processes.map(({ name, port }) => [name, port])) }
}

function envOf(name: string, options?: LocalOptions, env?: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const found = plan(options, env).processes.find((process) => process.name === name)
  assert.ok(found, name)
  return found.env
}

test("one process of each service has the port of the classic's Compose file", () => {
  assert.deepEqual(plan().ports, { 'webui-1': 8000, 'rng-1': 8001, 'hasher-1': 8002, 'worker-1': 8003 })
})

test('further processes take the ports after those, and the first keep theirs', () => {
  const { ports } = plan({ port: 9000, scale: { rng: 2, hasher: 2, webui: 2, worker: 2 } })
  assert.deepEqual(ports, {
    'webui-1': 9000,
    'webui-2': 9005,
    'rng-1': 9001,
    'rng-2': 9003,
    'hasher-1': 9002,
    'hasher-2': 9004,
    'worker-1': 9006,
    'worker-2': 9007,
  })
  assert.deepEqual(plan({ scale: { rng: 0, hasher: 0 } }).ports, { 'webui-1': 8000, 'worker-1': 8003 })
})

test('processes that run keep their ports, and new ones take those that are left', () => {
  const running = planLocal({ scale: { worker: 2 } }, {}).processes
  const { processes } = planLocal({ scale: { worker: 1, rng: 3 } }, {}, running)
  assert.deepEqual(
    processes.map(({ name, port }) => `${name} ${port}`),
    ['webui-1 8000', 'rng-1 8001', 'rng-2 8005', 'rng-3 8006', 'hasher-1 8002', 'worker-1 8003'],
  )
  assert.equal(processes.at(-1)?.env['RNG_URL'], [8001, 8005, 8006].map((port) => `http://127.0.0.1:${port}`).join())
})

test('every process has its name and listens on this machine alone', () => {
  for (const { name, service, port, env } of plan().processes) {
    assert.equal(name, `${service}-1`)
    assert.equal(env['HOSTNAME'], name)
    assert.equal(env['PORT'], `${port}`)
    assert.equal(env['HOST'], '127.0.0.1')
    assert.equal(env['LOG_FORMAT'], 'text')
    assert.equal(env['PLATFORM'], 'local')
  }
})

test('the web UI is given the base port, and a worker its own pause', () => {
  assert.equal(envOf('webui-2', { port: 8100, scale: { webui: 2 } })['BASE_PORT'], '8100')
  const env = { DELAY_MS: '50', WORKER_DELAY_MS: '20' }
  assert.deepEqual([envOf('worker-1', {}, env)['DELAY_MS'], envOf('rng-1', {}, env)['DELAY_MS']], ['20', '50'])
})

test('a worker is given every rng and hasher', () => {
  const env = envOf('worker-1', { scale: { rng: 2 } })
  assert.equal(env['RNG_URL'], 'http://127.0.0.1:8001,http://127.0.0.1:8003')
  assert.equal(env['HASHER_URL'], 'http://127.0.0.1:8002')
})

test("without rng a worker is given the user's own, or waits where rng would be", () => {
  assert.equal(envOf('worker-1', { scale: { rng: 0 } })['RNG_URL'], 'http://127.0.0.1:8001')
  assert.equal(envOf('worker-1', { scale: { rng: 0 } }, { RNG_URL: 'http://mine' })['RNG_URL'], 'http://mine')
  assert.equal(envOf('worker-1', {}, { RNG_URL: 'http://mine' })['RNG_URL'], 'http://127.0.0.1:8001')
})

test('each base port has its own ledger, and only those that use it get it', () => {
  const { ledgerUrl, dataFolder } = plan({ port: 8100 })
  assert.match(ledgerUrl, /^file:\/.*\/\.data\/8100\/ledger\.db$/)
  assert.equal(ledgerUrl, `file:${dataFolder}/ledger.db`)
  for (const name of ['worker-1', 'webui-1']) assert.equal(envOf(name, { port: 8100 })['LEDGER_URL'], ledgerUrl)
  assert.equal(envOf('rng-1')['LEDGER_URL'], undefined)
})

test('the ledger is where the options say, else where LEDGER_URL says', () => {
  const env = { LEDGER_URL: 'redis://theirs' }
  assert.equal(plan({}, env).ledgerUrl, 'redis://theirs')
  assert.equal(plan({}, { REDIS_URL: 'redis://older' }).ledgerUrl, 'redis://older')
  assert.equal(plan({}, { ...env, REDIS_URL: 'redis://older' }).ledgerUrl, 'redis://theirs')
  assert.equal(plan({}, env).dataFolder, undefined)
  assert.equal(plan({ redis: 'redis://mine' }, env).ledgerUrl, 'redis://mine')
  assert.equal(plan({ data: '/tmp/x' }, env).ledgerUrl, 'file:/tmp/x/ledger.db')
})

test("the user's variables pass through, and theirs are HOST and LOG_FORMAT too", () => {
  const env = envOf('rng-1', {}, { DELAY_MS: '0', KEY_PREFIX: 'a:', HOST: '::', LOG_FORMAT: 'json', PORT: '1' })
  assert.equal(env['DELAY_MS'], '0')
  assert.equal(env['KEY_PREFIX'], 'a:')
  assert.equal(env['LOG_FORMAT'], 'json')
  assert.equal(env['PORT'], '8001')
  assert.equal(envOf('worker-1', {}, { HOST: '::' })['RNG_URL'], 'http://[::1]:8001')
  assert.equal(envOf('worker-1', {}, { HOST: '0.0.0.0' })['RNG_URL'], 'http://127.0.0.1:8001')
  assert.equal(envOf('worker-1', {}, { HOST: 'fd00::1' })['RNG_URL'], 'http://[fd00::1]:8001')
})

test('ports above 65535 and no processes at all are usage errors', () => {
  assert.equal(plan({ port: 65_532 }).ports['worker-1'], 65_535)
  const tooHigh = { message: /expected at most 65532 for so many processes, got 65533/, exitCode: 2 }
  assert.throws(() => plan({ port: 65_533 }), tooHigh)
  const none = { message: /expected at least one process, got none/, exitCode: 2 }
  assert.throws(() => plan({ scale: { webui: 0, rng: 0, hasher: 0, worker: 0 } }), none)
})
