import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'

import { until, within } from '@dockercoins/testing'
import { complaints, metric } from '@dockercoins/testing/figures'
import { startService } from '@dockercoins/testing/service-process'

/** Requests 32 bytes on a connection of its own. */
function ask(port: number): { client: ClientRequest; status: Promise<number | undefined> } {
  const client = request({ port, host: '127.0.0.1', path: '/32', agent: false })
  const status = Promise.race([
    once(client, 'response').then(([response]) => {
      ;(response as IncomingMessage).resume()
      return (response as IncomingMessage).statusCode
    }),
    once(client, 'error').then(() => undefined),
  ]).catch(() => undefined)
  client.end()
  return { client, status }
}

/**
 * Opens `count` connections with a request each, a thousand at a time. More than fit into the
 * kernel's queue would lose packets on a busy machine, and wait for a minute.
 */
async function askMany(port: number, count: number): Promise<ClientRequest[]> {
  const clients: ClientRequest[] = []
  while (clients.length < count) {
    const thousand = Array.from({ length: 1000 }, () => ask(port).client)
    await Promise.all(thousand.map(untilConnected))
    clients.push(...thousand)
  }
  return clients
}

async function untilConnected(client: ClientRequest): Promise<void> {
  const [socket] = (await once(client, 'socket')) as [Socket]
  if (socket.connecting) await once(socket, 'connect')
}

test('of 5,000 clients a thousand wait, the rest get 503, and memory does not grow', async (t) => {
  // Garbage fills the heap sooner or later, so it is bounded here.
  const rng = await startService(t, 'rng', { DELAY_MS: '600000', NODE_OPTIONS: '--max-old-space-size=192' })
  const residentMb: number[] = []
  const waiting = () => metric(rng.url, /^dockercoins_queue_requests /)
  for (let wave = 0; wave < 6; wave++) {
    const clients = await askMany(rng.port, 5000)
    const refused = until(
      'the refused clients to be counted',
      () => metric(rng.url, /^http_request_duration_seconds_count\{.*status="503"/),
      (count) => count >= 3999 * (wave + 1),
    )
    assert.equal(await refused, 3999 * (wave + 1))
    assert.equal(await waiting(), 1000)
    for (const client of clients) client.destroy()
    await until('the clients in the queue', waiting, (count) => count === 0)
    residentMb.push((await metric(rng.url, /^process_resident_memory_bytes /)) / 1e6)
  }
  // Resident memory has the buffers too, which are outside of the heap: 4 KiB of each of 30,000
  // clients would be 123 MB more than the 290 MB of a full heap and of Node itself.
  const all = `resident after each wave, MB: ${residentMb.map(Math.round).join(', ')}`
  t.diagnostic(all)
  assert.ok(residentMb.at(-1)! < 340, all)
  assert.equal((await fetch(`${rng.url}/healthz`)).status, 200)
})

test('2,000 clients that vanish while they wait do not delay those behind them', async (t) => {
  const rng = await startService(t, 'rng', { DELAY_MS: '50', MAX_QUEUE: '3000' })
  const waiting = () => metric(rng.url, /^dockercoins_queue_requests /)
  const vanishing = Array.from({ length: 2000 }, () => ask(rng.port))
  await until('the clients in the queue', waiting, (count) => count > 1900)
  for (const { client } of vanishing) client.destroy()
  // Served after all of them it would have waited 100 s.
  assert.equal(await ask(rng.port).status, 200)
  assert.equal(await waiting(), 0)
  assert.deepEqual(complaints(rng.lines), [])
})

test('clients that send their requests slowly delay no others, and their connections close when the service stops', async (t) => {
  const hasher = await startService(t, 'hasher', { DELAY_MS: '1', CONCURRENCY: '1' })
  const slow = Array.from({ length: 500 }, () => connect(hasher.port, '127.0.0.1'))
  for (const socket of slow) {
    socket.on('error', () => {})
    socket.write('POST / HTTP/1.1\r\nhost: hasher\r\ncontent-length: 1000\r\n\r\nslowly')
  }
  for (let quick = 0; quick < 10; quick++) {
    const response = await fetch(hasher.url, { method: 'POST', body: 'quickly' })
    assert.equal(response.status, 200)
  }
  const closed = Promise.all(slow.map((socket) => once(socket.resume(), 'close')))
  hasher.kill('SIGTERM')
  assert.equal(await hasher.exited, 0)
  await within('all slow clients to be closed', closed)
})

test('a service with a full queue stops at once', async (t) => {
  const rng = await startService(t, 'rng', { DELAY_MS: '600000' })
  const clients = Array.from({ length: 300 }, () => ask(rng.port))
  await until(
    'the clients in the queue',
    () => metric(rng.url, /^dockercoins_queue_requests /),
    (count) => count === 299,
  )
  rng.kill('SIGTERM')
  assert.equal(await rng.exited, 0)
  const statuses = await Promise.all(clients.map(({ status }) => status))
  assert.equal(statuses.filter((status) => status === 503).length, 299)
})

test('a second signal ends a service at once, whatever it is doing', async (t) => {
  const rng = await startService(t, 'rng', { DELAY_MS: '600000' })
  const { status } = ask(rng.port)
  await until(
    'a request that is served',
    () => metric(rng.url, /^dockercoins_serving_requests /),
    (count) => count === 1,
  )
  rng.kill('SIGTERM')
  rng.kill('SIGINT')
  assert.ok([130, 143].includes((await rng.exited) ?? 0))
  assert.equal(await status, undefined)
})
