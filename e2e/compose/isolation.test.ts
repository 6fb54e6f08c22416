import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { docker, startComposeStack } from '@dockercoins/testing/compose-stack'
import { totals } from '@dockercoins/testing/figures'

/** The result of a connection from the container: "connected", or the error code. */
async function connect(container: string, host: string, port: number): Promise<string> {
  const program = `
    const print = (word) => { console.log(word); process.exit() }
    require('node:net').connect(${port}, '${host}', () => print('connected')).on('error', ({ code }) => print(code))
    setTimeout(print, 2000, 'silence')`
  return docker('exec', container, '/nodejs/bin/node', '-e', program)
}

/** The rights of a process in the container. */
async function rights(container: string): Promise<unknown> {
  const program = `
    const { readFileSync, writeFileSync } = require('node:fs')
    const status = readFileSync('/proc/self/status', 'utf8')
    const canWrite = (folder) => { try { writeFileSync(folder + '/x', ''); return true } catch { return false } }
    console.log(JSON.stringify({
      uid: process.getuid(),
      capabilities: /CapBnd:\\s*(\\w+)/.exec(status)[1],
      noNewPrivileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1],
      writable: ['/', '/app', '/tmp', '/home/nonroot', '/nodejs/bin', '/etc', '/var'].filter(canWrite),
    }))`
  return JSON.parse(await docker('exec', container, '/nodejs/bin/node', '-e', program))
}

test('two applications on one engine, blue and green, do not see each other’s Redis', async (t) => {
  const [blue, green] = await Promise.all([startComposeStack(t), startComposeStack(t, { scale: { worker: 0 } })])
  await until(
    'a first hash in /json',
    () => totals(blue.urls.webui),
    ({ hashes }) => hashes > 0,
  )
  assert.equal((await totals(green.urls.webui)).hashes, 0)

  const [worker = ''] = await blue.containers('worker')
  const own = new URL(await blue.redisUrl()).hostname
  const other = new URL(await green.redisUrl()).hostname
  assert.equal(await connect(worker, 'redis', 6379), 'connected')
  assert.equal(await connect(worker, own, 6379), 'connected')
  assert.notEqual(await connect(worker, other, 6379), 'connected')
})

test('with CONTAINER_PORT the services listen on another port and find each other', async (t) => {
  const stack = await startComposeStack(t, { variables: { CONTAINER_PORT: '8080' } })
  await until(
    'a first hash in /json',
    () => totals(stack.urls.webui),
    ({ hashes }) => hashes > 0,
  )
})

test('each container has only the rights that it needs and reaches only the services that it uses', async (t) => {
  const stack = await startComposeStack(t, { scale: { rng: 2 } })
  const redis = new URL(await stack.redisUrl()).hostname
  async function check(service: 'rng' | 'hasher' | 'worker' | 'webui'): Promise<void> {
    const [container = ''] = await stack.containers(service)
    assert.deepEqual(
      await rights(container),
      { uid: 65_532, capabilities: '0000000000000000', noNewPrivileges: '1', writable: [] },
      service,
    )
    const mayUseRedis = service === 'worker' || service === 'webui'
    assert.equal(await connect(container, 'redis', 6379), mayUseRedis ? 'connected' : 'ENOTFOUND', service)
    if (!mayUseRedis) assert.notEqual(await connect(container, redis, 6379), 'connected', service)
    assert.equal(
      await connect(container, 'hasher', 80),
      /hasher|worker/.test(service) ? 'connected' : 'ENOTFOUND',
      service,
    )
  }
  await Promise.all([check('rng'), check('hasher'), check('worker'), check('webui')])
})
