import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { openLedger, type Ledger } from '@dockercoins/ledger'
import { parseSettings } from '@dockercoins/service'

import { buildWebui } from './app.ts'
import { settings } from './config.ts'

async function build(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-webui-'))
  const ledger = await openLedger({ redisUrl: `file:${join(folder, 'ledger.db')}`, keyPrefix: '' })
  const webui = buildWebui(parseSettings(settings, { PORT: '0', HOST: '127.0.0.1', HOSTNAME: 'webui-1' }), ledger)
  webui.log.level = 'silent'
  t.after(async () => {
    await webui.stop()
    await ledger.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { webui, ledger }
}

function record(ledger: Ledger, hashes: number, from: number, to: number) {
  return ledger.record({ worker: randomUUID(), sequence: 1, hashes, from, to, coins: [] })
}

test('GET /json gives numbers, 0 before anything was counted', async (t) => {
  const { webui, ledger } = await build(t)
  const before = (await webui.inject('/json')).json()
  assert.deepEqual([before.coins, before.hashes], [0, 0])
  assert.ok(Math.abs(before.now - Date.now() / 1000) < 5)
  await record(ledger, 345, Date.now() - 1000, Date.now())
  assert.equal((await webui.inject('/json')).json().hashes, 345)
})

test('GET /history gives the speed of as many seconds as asked for, 900 when not', async (t) => {
  const { webui, ledger } = await build(t)
  const now = Date.now()
  await record(ledger, 100, now - 30_000, now - 20_000)
  const { from, speeds } = (await webui.inject('/history?seconds=60')).json() as { from: number; speeds: number[] }
  assert.equal(speeds.length, 60)
  assert.ok(Math.abs(speeds.reduce((sum, speed) => sum + speed, 0) - 100) < 1e-6)
  const middle = speeds[Math.floor(now / 1000) - 25 - from]
  assert.ok(Math.abs(middle! - 10) < 1e-6, `${middle}`)
  assert.equal((await webui.inject('/history')).json().speeds.length, 900)
})

test('a number of seconds that makes no sense is a 400 problem that says what was expected', async (t) => {
  const { webui } = await build(t)
  for (const seconds of ['', '0', '-1', '3601', '1.5', 'all', '1e3', '9'.repeat(5000), '1&seconds=2']) {
    const response = await webui.inject(`/history?seconds=${seconds}`)
    assert.equal(response.statusCode, 400, seconds)
    assert.match(response.json().detail, /^expected seconds to be a whole number from 1 to 3600, got /)
  }
})

test('the page is at / and at /index.html, and its script beside it', async (t) => {
  const { webui } = await build(t)
  for (const path of ['/', '/index.html']) assert.match((await webui.inject(path)).body, /<title>DockerCoins<\/title>/)
  assert.match((await webui.inject('/page.js')).body, /EventSource/)
  assert.equal((await webui.inject('/server.ts')).statusCode, 404)
  assert.equal((await webui.inject({ method: 'POST', url: '/json' })).statusCode, 405)
})

test('viewers are let go when the service stops', async (t) => {
  const { webui } = await build(t)
  await webui.start()
  const { port } = webui.server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/events`)
  assert.equal(response.headers.get('x-served-by'), 'webui-1')
  const stopped = webui.stop()
  assert.match(await response.text(), /^retry: 1000\n\n(event: snapshot\n|$)/)
  await stopped
})

test('when the ledger cannot be read, /json and /history say so with 503 and the page is still there', async (t) => {
  const { webui, ledger } = await build(t)
  await ledger.close()
  for (const path of ['/json', '/history']) {
    const response = await webui.inject(path)
    assert.equal(response.statusCode, 503)
    assert.equal(response.json().detail, 'the ledger cannot be reached: try again in a moment')
  }
  assert.equal((await webui.inject('/')).statusCode, 200)
})
