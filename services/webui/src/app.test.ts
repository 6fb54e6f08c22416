import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

import { openLedger, type Ledger } from '@dockercoins/ledger'
import { parseSettings, type Service } from '@dockercoins/service'
import { assertDescribesRoutes } from '@dockercoins/testing/openapi'

import openapi from '../openapi.json' with { type: 'json' }
import type { Snapshot } from './api.ts'
import { buildWebui } from './app.ts'
import { settings } from './config.ts'
import { createEventStream, publishEverySecond } from './event-stream.ts'
import { loadPage } from './page.ts'

const page = loadPage()

async function build(t: TestContext, env: NodeJS.ProcessEnv = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-webui-'))
  const ledger = await openLedger({ ledgerUrl: `file:${join(folder, 'ledger.db')}`, keyPrefix: '' })
  const webui = buildWebui(
    parseSettings(settings, { PORT: '0', HOST: '127.0.0.1', HOSTNAME: 'webui-1', ...env }),
    ledger,
    await page,
  )
  webui.log.level = 'silent'
  t.after(async () => {
    await webui.close()
    await ledger.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { webui, ledger }
}

function record(ledger: Ledger, hashes: number, from: number, to: number) {
  return ledger.record({ worker: randomUUID(), sequence: 1, hashes, from, to, coins: [] })
}

test('GET /json returns numbers, 0 before anything was counted', async (t) => {
  const { webui, ledger } = await build(t)
  const before = (await webui.inject('/json')).json()
  assert.deepEqual([before.coins, before.hashes], [0, 0])
  assert.ok(Math.abs(before.now - Date.now() / 1000) < 5)
  await record(ledger, 345, Date.now() - 1000, Date.now())
  assert.equal((await webui.inject('/json')).json().hashes, 345)
})

test('GET /history returns the speed of as many seconds as asked for, by default 900', async (t) => {
  const { webui, ledger } = await build(t)
  const now = Date.now()
  await record(ledger, 100, now - 30_000, now - 20_000)
  const { from, speeds } = (await webui.inject('/history?seconds=60')).json() as { from: number; speeds: number[] }
  assert.equal(speeds.length, 60)
  assert.ok(Math.abs(sum(speeds) - 100) < 1e-6)
  const middle = speeds[Math.floor(now / 1000) - 25 - from]
  assert.ok(Math.abs(middle! - 10) < 1e-6, `${middle}`)
  assert.equal((await webui.inject('/history')).json().speeds.length, 900)
})

test('an invalid number of seconds is a 400 problem that names what was expected', async (t) => {
  const { webui } = await build(t)
  for (const seconds of ['', '0', '-1', '3601', '1.5', 'all', '1e3', '9'.repeat(5000), '1&seconds=2']) {
    const response = await webui.inject(`/history?seconds=${seconds}`)
    assert.equal(response.statusCode, 400, seconds)
    assert.match(response.json().detail, /^expected seconds to be a whole number from 1 to 3600, got /)
  }
})

test('the page is at / and at /index.html, and browsers ask each time whether it changed', async (t) => {
  const { webui } = await build(t)
  for (const path of ['/', '/index.html']) {
    const { body, headers } = await webui.inject(path)
    assert.match(body, /<title>DockerCoins<\/title>/)
    assert.equal(headers['cache-control'], 'no-cache')
    const again = await webui.inject({ url: path, headers: { 'if-none-match': String(headers.etag) } })
    assert.deepEqual([again.statusCode, again.body], [304, ''])
  }
  assert.equal((await webui.inject('/server.ts')).statusCode, 404)
  assert.equal((await webui.inject({ method: 'POST', url: '/json' })).statusCode, 404)
})

test('the page is one compressed file with its version in it, so that no part can be of another version', async (t) => {
  const { webui } = await build(t)
  const { body, headers } = await webui.inject({ url: '/', headers: { 'accept-encoding': 'identity' } })
  assert.equal(headers['content-encoding'], undefined)
  assert.ok(body.includes(`data-version="${(await page).version}"`))
  assert.match(body, /<link rel="icon" href="data:image\/svg\+xml;base64,/)
  // All but the font, without which the page works.
  assert.doesNotMatch(body, /<[a-z]+ [^>]*(?:src|href)="(?!font)[\w.-]+\.\w+"/)
  assert.equal(headers.vary, 'accept-encoding, x-forwarded-uri')
  for (const [accepted, encoding, decompress] of [
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['br;q=0, gzip', 'gzip', gunzipSync],
  ] as const) {
    const compressed = await webui.inject({ url: '/', headers: { 'accept-encoding': accepted } })
    assert.equal(compressed.headers['content-encoding'], encoding, accepted)
    assert.equal(decompress(compressed.rawPayload).toString(), body)
  }
})

test('the proxy of Kubernetes’ API server, which cannot read brotli, gets gzip', async (t) => {
  const { webui } = await build(t)
  const headers = {
    'accept-encoding': 'gzip, deflate, br',
    'x-forwarded-uri': '/api/v1/namespaces/coins/services/webui:http/proxy/',
  }
  assert.equal((await webui.inject({ url: '/', headers })).headers['content-encoding'], 'gzip')
})

test('the font is cached for ever, under a URL that changes with it', async (t) => {
  const { webui } = await build(t)
  const { body } = await webui.inject({ url: '/', headers: { 'accept-encoding': 'identity' } })
  const urls = new Set(body.match(/font\.woff2\?[0-9a-f]{12}/g))
  assert.equal(urls.size, 1)
  const { headers, rawPayload } = await webui.inject(`/${[...urls][0]}`)
  assert.match(String(headers['cache-control']), /immutable/)
  assert.equal(headers['content-type'], 'font/woff2')
  assert.ok(rawPayload.length < 40_000)
})

test('LABEL and COLOR are in the page, escaped', async () => {
  const labelled = await loadPage({ label: 'a "b" <c>', color: '#0000ff' })
  assert.ok(labelled.html.includes('data-label="a &#34;b&#34; &#60;c&#62;" data-color="#0000ff"'))
  assert.notEqual(labelled.version, (await page).version)
})

test('all responses forbid what the page does not need, errors too', async (t) => {
  const { webui } = await build(t)
  for (const path of ['/', '/json', '/nothing', '/history?seconds=x', '/healthz', '/%zz']) {
    const { headers } = await webui.inject(path)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}=';/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.equal(headers['x-frame-options'], 'deny', path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
  }
})

test('FRAME_ANCESTORS is sent as the frame-ancestors of the policy', async (t) => {
  const { webui } = await build(t, { FRAME_ANCESTORS: 'https://lab.example.org https://*.example.com:8443' })
  const { headers } = await webui.inject('/')
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /; frame-ancestors https:\/\/lab\.example\.org https:\/\/\*\.example\.com:8443;/)
  assert.equal(headers['x-frame-options'], undefined)
  assert.equal(headers['cross-origin-resource-policy'], 'cross-origin')
})

test('the web UI is ready whatever the ledger does', async (t) => {
  const { webui, ledger } = await build(t)
  await ledger.close()
  assert.equal((await webui.inject('/readyz')).statusCode, 200)
})

test('proxies are asked not to buffer events, also while there is nothing to send', async (t) => {
  const { webui, ledger } = await build(t)
  ledger.totals = () => new Promise(() => {})
  await webui.start()
  const { port } = webui.server.address() as AddressInfo
  const { headers, body } = await fetch(`http://127.0.0.1:${port}/events`)
  assert.equal(headers.get('x-accel-buffering'), 'no')
  assert.equal(headers.get('cache-control'), 'no-store, no-transform')
  await body?.cancel()
})

/** The text of GET /events until it matches `enough`. */
async function listen(webui: Service, enough: RegExp, headers: Record<string, string> = {}): Promise<string> {
  const { port } = webui.server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/events`, { headers })
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  assert.match(String(response.headers.get('content-security-policy')), /default-src 'none'/)
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (enough.test(text)) break
  }
  return text
}

function sum(speeds: (number | null)[]): number {
  return speeds.reduce<number>((total, speed) => total + (speed ?? 0), 0)
}

const snapshotEvent = /event: snapshot\nid: (\d+)\ndata: (.*)\n\n/

test('a viewer with a Last-Event-ID gets every second since', async (t) => {
  const { webui, ledger } = await build(t)
  const now = Date.now()
  await record(ledger, 100, now - 300_000, now - 290_000)
  await webui.start()
  const [, id, first] = snapshotEvent.exec(await listen(webui, snapshotEvent)) ?? []
  assert.equal((JSON.parse(first ?? '') as Snapshot).history.speeds.length, 60)
  const headers = { 'last-event-id': String(Number(id) - 300) }
  const [, , missed] = snapshotEvent.exec(await listen(webui, snapshotEvent, headers)) ?? []
  const { from, speeds, capacity } = (JSON.parse(missed ?? '') as Snapshot).history
  assert.equal(capacity.length, speeds.length)
  assert.ok(speeds.length >= 360 && speeds.length <= 362, `${speeds.length} seconds`)
  assert.ok(Math.abs(sum(speeds) - 100) < 1e-6)
  assert.ok(from + speeds.length >= Number(id))
})

test('an invalid Last-Event-ID is ignored', async (t) => {
  const { webui } = await build(t)
  await webui.start()
  for (const id of ['', '-5', 'x', '1e9', '9'.repeat(500), '999999999999']) {
    const [, , data] = snapshotEvent.exec(await listen(webui, snapshotEvent, { 'last-event-id': id })) ?? []
    assert.equal((JSON.parse(data ?? '') as Snapshot).history.speeds.length, 60, id)
  }
})

test('a viewer from long ago gets the hour that the ledger keeps', async (t) => {
  const { webui } = await build(t)
  await webui.start()
  const [, , data] = snapshotEvent.exec(await listen(webui, snapshotEvent, { 'last-event-id': '1' })) ?? []
  assert.equal((JSON.parse(data ?? '') as Snapshot).history.speeds.length, 3600)
})

test('the first event is the version of the server’s page', async (t) => {
  const { webui } = await build(t)
  await webui.start()
  assert.match(
    await listen(webui, snapshotEvent),
    new RegExp(`^retry: 500\nevent: page\ndata: ${(await page).version}\n\n`),
  )
})

test('a viewer that stops reading is dropped, and the others stay', async () => {
  const stream = createEventStream(neverRead, 'v1')
  const [stalled, reading] = [addViewer(stream), addViewer(stream)]
  reading.resume()
  for (let now = 0; now < 1000 && !stalled.destroyed; now++) {
    stream.publish({ now, ledgerLostSince: 1 })
    await new Promise(setImmediate)
  }
  assert.ok(stalled.destroyed)
  assert.ok(stalled.writableLength < 64 * 1024)
  assert.ok(!reading.destroyed)
})

test('a viewer has to reconnect after about a minute', (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const stream = createEventStream(neverRead, 'v1')
  const viewer = addViewer(stream)
  for (const [after, isOver] of [
    [44_000, false],
    [76_000, true],
  ] as const) {
    now = after
    stream.publish({ now: after, ledgerLostSince: 1 })
    assert.equal(viewer.writableEnded, isOver, `after ${after} ms`)
  }
})

const neverRead = () => Promise.reject(new Error('expected no read of the history'))

function addViewer(stream: ReturnType<typeof createEventStream>) {
  const viewer = Object.assign(new PassThrough({ highWaterMark: 1024 }), { writeHead() {} })
  stream.add(viewer as unknown as ServerResponse, undefined)
  return viewer
}

test('an update is published each second, one at a time, until the service stops', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const published: number[] = []
  let reads = 0
  const second = Promise.withResolvers<void>()
  const read = async () => {
    const now = ++reads
    if (now === 2) await second.promise
    return { now, ledgerLostSince: 1 }
  }
  const stop = publishEverySecond(read, ({ now }) => published.push(now))
  const pass = async () => {
    t.mock.timers.tick(1000)
    await new Promise(setImmediate)
  }
  await new Promise(setImmediate)
  await pass()
  await pass()
  assert.deepEqual([reads, published], [2, [1]])
  second.resolve()
  await new Promise(setImmediate)
  await pass()
  assert.deepEqual(published, [1, 2, 3])
  stop()
  await pass()
  assert.equal(reads, 3)
})

test('connections of viewers end when the service stops', async (t) => {
  const { webui } = await build(t)
  await webui.start()
  const { port } = webui.server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/events`)
  assert.equal(response.headers.get('x-served-by'), 'webui-1')
  const stopped = webui.close()
  assert.match(await response.text(), /^retry: 500\n/)
  await stopped
})

test('when the ledger cannot be read, /json and /history respond 503 and the page is still there', async (t) => {
  const { webui, ledger } = await build(t)
  await ledger.close()
  for (const path of ['/json', '/history']) {
    const response = await webui.inject(path)
    assert.equal(response.statusCode, 503)
    assert.equal(response.json().detail, 'the ledger cannot be reached: try again in a moment')
  }
  assert.equal((await webui.inject('/')).statusCode, 200)
})

test('HEAD /events has the headers of GET and no body', async (t) => {
  const { webui } = await build(t)
  const { statusCode, headers, body } = await webui.inject({ method: 'HEAD', url: '/events' })
  assert.deepEqual([statusCode, body], [200, ''])
  assert.equal(headers['content-type'], 'text/event-stream')
  assert.equal(headers['cache-control'], 'no-store, no-transform')
  assert.match(String(headers['content-security-policy']), /^default-src 'none'/)
})

test('a thousand viewers are served, and one more gets 503', async (t) => {
  const { webui } = await build(t)
  await webui.start()
  const { port } = webui.server.address() as AddressInfo
  const path = '/events'
  const viewers = Array.from({ length: 1000 }, () => get({ port, host: '127.0.0.1', path, agent: false }))
  t.after(() => viewers.forEach((viewer) => viewer.destroy()))
  for (const viewer of viewers) viewer.on('error', () => {})
  await Promise.all(viewers.map((viewer) => once(viewer, 'response')))
  const refused = await fetch(`http://127.0.0.1:${port}${path}`)
  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '5')
  assert.equal((await fetch(`http://127.0.0.1:${port}/json`)).status, 200)
})

test('openapi.json describes exactly the routes', async (t) => {
  await assertDescribesRoutes(openapi, (await build(t)).webui)
})
