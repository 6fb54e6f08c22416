import assert from 'node:assert/strict'
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'

import { freePorts } from '@dockercoins/testing/free-ports'

import { listenForRequests, requestScale, requestUrls } from './control.ts'
import { LocalError, type Scale } from './options.ts'
import { repository } from './spawn-service.ts'

const urls = { rng: ['http://127.0.0.1:8001'], hasher: [], webui: [], worker: [] }
const socketOf = (port: number) => join(repository, '.data', `${port}.sock`)

async function listen(t: TestContext, port: number, scale: (wanted: Scale) => Promise<string>) {
  const close = await listenForRequests(port, { scale, urls: () => urls }, assert.fail)
  t.after(close)
  return close
}

test('a request is passed on, and its line comes back', async (t) => {
  const port = await freePorts()
  await listen(t, port, async (wanted) => `Scaled ${JSON.stringify(wanted)}`)
  assert.equal(await requestScale(port, { worker: 10, rng: 3 }), 'Scaled {"worker":10,"rng":3}')
})

test('the addresses of the processes are replied', async (t) => {
  const port = await freePorts()
  await listen(t, port, async () => '')
  assert.deepEqual(await requestUrls(port), urls)
})

test('only this user can connect', { skip: process.platform === 'win32' }, async (t) => {
  const port = await freePorts()
  const mask = process.umask(0)
  t.after(() => process.umask(mask))
  await listen(t, port, async () => '')
  assert.equal(statSync(socketOf(port)).mode & 0o077, 0)
})

test('what the user can correct is reported as it is, with its exit code', async (t) => {
  const port = await freePorts()
  await listen(t, port, async () => {
    throw new LocalError('expected at least one process, got none', 2)
  })
  const expected = { name: 'LocalError', message: 'expected at least one process, got none', exitCode: 2 }
  await assert.rejects(requestScale(port, {}), expected)
})

test('where nothing runs, one line says so', async (t) => {
  const port = await freePorts()
  const nothing = { message: `nothing runs on port ${port}: start it with npm start, or name another --port` }
  await assert.rejects(requestScale(port, {}), nothing)
  const close = await listen(t, port, async () => '')
  close()
  await assert.rejects(requestScale(port, {}), nothing)
  assert.equal(existsSync(socketOf(port)), false)
})

test('a socket that a killed runner left is replaced, and one in use is not', async (t) => {
  const port = await freePorts()
  await listen(t, await freePorts(), async () => '') // makes the folder
  writeFileSync(socketOf(port), '')
  chmodSync(socketOf(port), 0o600)
  await listen(t, port, async () => 'first')
  const failures: string[] = []
  const second = { scale: async () => 'second', urls: () => urls }
  await listenForRequests(port, second, (why) => failures.push(why))
  assert.deepEqual(failures, [`another copy runs on port ${port}`])
  assert.equal(await requestScale(port, {}), 'first')
})

test('a request that is not understood is refused by the runner itself', async (t) => {
  const port = await freePorts()
  await listen(t, port, async () => assert.fail('nothing is to be scaled'))
  for (const request of ['{"rng":500}', 'rng=500', 'rng=-5', 'worker', 'x'.repeat(2000)]) {
    const socket = connect(socketOf(port))
    socket.end(request)
    const { exitCode, message } = JSON.parse(await text(socket)) as { exitCode: number; message: string }
    assert.equal(exitCode, 2, request.slice(0, 20))
    assert.match(message, /^scale: expected /)
  }
})
