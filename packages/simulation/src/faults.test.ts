import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'

import { ConfigError, createService, httpSettings, parseSettings } from '@dockercoins/service'
import { until } from '@dockercoins/testing'

import { simulatedWorkSettings, simulateWork } from './simulated-work.ts'

const settings = { ...httpSettings, ...simulatedWorkSettings({ concurrency: 1, takes: 'each `GET /`' }) }

/** A service whose `GET /` returns "0123456789". */
function build(t: TestContext, env: NodeJS.ProcessEnv = {}) {
  const defaults = { PORT: '0', HOST: '127.0.0.1', DELAY_MS: '0', FAULTS: 'allow' }
  const config = parseSettings(settings, { ...defaults, ...env })
  const service = createService('rng', config)
  service.log.level = 'silent'
  const simulated = simulateWork(service, config)
  service.get('/', (_request, reply) => simulated.respond(reply, 'text/plain', () => '0123456789'))
  t.after(() => service.close())
  const put = (payload: object) => service.inject({ method: 'PUT', url: '/faults', payload })
  return { service, put, config }
}

const timing = ({ headers }: { headers: Record<string, unknown> }) => String(headers['server-timing'])

test('unless FAULTS allows it there is no route for faults, and the response mentions none', async (t) => {
  const { service, put } = build(t, { FAULTS: undefined })
  for (const method of ['PUT', 'GET', 'DELETE'] as const)
    assert.equal((await service.inject({ method, url: '/faults', payload: {} })).statusCode, 404)
  assert.equal((await put({ errors: 1, seconds: 60 })).statusCode, 404)
  assert.doesNotMatch(service.printRoutes(), /faults/)
  assert.match(timing(await service.inject('/')), /^queue;dur=0, work;dur=[\d.]+$/)
})

test('errors are 500, say so in Server-Timing, and end by DELETE', async (t) => {
  const { service, put } = build(t)
  assert.equal((await put({ errors: 1, seconds: 60 })).statusCode, 200)
  const failed = await service.inject('/')
  assert.equal(failed.statusCode, 500)
  assert.equal(failed.json().detail, 'an error on purpose')
  assert.equal(timing(failed), 'fault;desc="errors 100 %"')

  assert.deepEqual((await service.inject({ method: 'DELETE', url: '/faults' })).json(), {})
  const response = await service.inject('/')
  assert.equal(response.body, '0123456789')
  assert.doesNotMatch(timing(response), /fault/)
})

test('a share of errors is met', async (t) => {
  const { service, put } = build(t)
  await put({ errors: 0.3, seconds: 60 })
  const responses = await Promise.all(Array.from({ length: 1000 }, () => service.inject('/')))
  const errors = responses.filter(({ statusCode }) => statusCode === 500).length
  // Five standard deviations.
  assert.ok(errors > 227 && errors < 373, `${errors}`)
})

test('a slower service is slower in its service time, with and without a delay of its own', async (t) => {
  for (const DELAY_MS of ['0', '5']) {
    const { service, put } = build(t, { DELAY_MS })
    await put({ slowerMs: 60, seconds: 60 })
    const response = await service.inject('/')
    const workMs = Number(/work;dur=([\d.]+)/.exec(timing(response))?.[1])
    assert.ok(workMs >= 60 + Number(DELAY_MS) - 6, timing(response))
    assert.match(timing(response), /, concurrency;desc=1, fault;desc="60 ms slower"$/)
  }
})

test('a request that hangs gets its response when the fault ends', async (t) => {
  const { service, put } = build(t)
  await put({ hang: 1, seconds: 60 })
  let isDone = false
  const hanging = service.inject('/').then((response) => {
    isDone = true
    return response
  })
  assert.deepEqual((await service.inject('/faults')).json().hang, 1)
  assert.equal(isDone, false)
  await service.inject({ method: 'DELETE', url: '/faults' })
  assert.equal((await hanging).body, '0123456789')
})

test('a fault ends by itself', async (t) => {
  const { service, put } = build(t)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  await put({ hang: 1, seconds: 30 })
  const hanging = service.inject('/')
  assert.equal((await service.inject('/faults')).json().seconds, 30)
  t.mock.timers.tick(30_000)
  assert.equal((await hanging).body, '0123456789')
  assert.deepEqual((await service.inject('/faults')).json(), {})
})

test('a client that goes away while its request hangs is not kept', async (t) => {
  const { service, put } = build(t)
  await service.start()
  await put({ hang: 1, seconds: 60 })
  const { port } = service.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1').end('GET / HTTP/1.1\r\nhost: rng\r\n\r\n')
  await once(service.server, 'request')
  socket.destroy()
  await until('the request to be counted as left', async () =>
    assert.match((await service.inject('/metrics')).body, /status="499"/),
  )
})

test('a service that stops ends its fault, and what hangs gets its response', async (t) => {
  const { service, put } = build(t)
  await put({ hang: 1, cpu: 0.1, memoryMb: 1, seconds: 60 })
  const hanging = service.inject('/')
  assert.equal((await service.inject('/faults')).statusCode, 200)
  await service.close()
  assert.equal((await hanging).statusCode, 200)
})

test('half of a body is cut, and its length is that of what is sent', async (t) => {
  const { service, put } = build(t)
  await put({ cut: 1, seconds: 60 })
  const response = await service.inject('/')
  assert.equal(response.body, '01234')
  assert.equal(response.headers['content-length'], '5')
})

test('a service that is not ready on purpose says so, and still serves', async (t) => {
  const { service, put } = build(t)
  await put({ unready: true, seconds: 60 })
  const ready = await service.inject('/readyz')
  assert.equal(ready.statusCode, 503)
  assert.match(ready.json().detail, /on purpose/)
  assert.equal((await service.inject('/healthz')).statusCode, 200)
  assert.equal((await service.inject('/')).statusCode, 200)
})

test('memory is kept until the fault ends', async (t) => {
  const { service, put } = build(t)
  const before = process.memoryUsage().arrayBuffers
  await put({ memoryMb: 64, seconds: 60 })
  // Other buffers, 2 MB at most, may be freed meanwhile.
  assert.ok(process.memoryUsage().arrayBuffers - before >= 62 * 1024 * 1024)
  assert.match(timing(await service.inject('/')), /fault;desc="keeps 64 MiB"/)
})

test('part of a processor is kept busy', async (t) => {
  const { put } = build(t)
  await put({ cpu: 0.5, seconds: 60 })
  const before = process.cpuUsage()
  await until('half a second of processor time', () => process.cpuUsage(before).user > 500_000, Boolean)
})

test('a fault needs an end and values within bounds, and what is wrong is named', async (t) => {
  const { service, put } = build(t)
  for (const [payload, detail] of [
    [{ errors: 1 }, /seconds/],
    [{ errors: 2, seconds: 60 }, /errors/],
    [{ seconds: 3601 }, /seconds/],
    [{ slowerMs: -1, seconds: 60 }, /slowerMs/],
    [{ memoryMb: 1025, seconds: 60 }, /memoryMb/],
    [{ typo: 1, seconds: 60 }, /typo/],
    [[], /seconds/],
    [{ typo: 'x'.repeat(2000), seconds: 60 }, /too large/],
  ] as const) {
    const response = await put(payload)
    assert.ok([400, 413].includes(response.statusCode), JSON.stringify(payload))
    assert.match(response.json().detail, detail)
  }
  assert.deepEqual((await service.inject('/faults')).json(), {})
})

test('FAULTS allows faults, or begins one at the start', async (t) => {
  const { service } = build(t, { FAULTS: '{"errors":1,"seconds":60}' })
  assert.equal((await service.inject('/')).statusCode, 500)
  for (const FAULTS of ['', 'yes', '{}', '{"errors":1}', '[]']) assert.throws(() => build(t, { FAULTS }), ConfigError)
})
