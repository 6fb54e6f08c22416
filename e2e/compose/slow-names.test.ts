import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { until } from '@dockercoins/testing'
import { docker, startComposeStack } from '@dockercoins/testing/compose-stack'
import { totals } from '@dockercoins/testing/figures'

/** Forwards each query to the engine's own name server after a second. */
const slowNameServer = `
  const { createSocket } = require('node:dgram')
  const server = createSocket('udp4').bind(53)
  server.on('message', (question, { port, address }) => setTimeout(() => {
    const asking = createSocket('udp4')
    asking.send(question, 53, '127.0.0.11')
    asking.once('message', (answer) => { server.send(answer, port, address); asking.close() })
  }, 1000))`

test('a worker with a slow name server mines at full speed, and stops at once', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-names-'))
  const started: string[] = []
  // Registered before the stack's own hook, because these containers use its networks.
  t.after(async () => {
    if (started.length > 0) await docker('rm', '--force', ...started)
    await rm(folder, { recursive: true })
  })
  const stack = await startComposeStack(t, { scale: { worker: 0 } })
  const networks = ['rng', 'hasher', 'redis'].map((name) => `${stack.project}_${name}`)
  async function run(...args: string[]): Promise<string> {
    const container = await docker('create', '--network', networks[0]!, ...args)
    started.push(container)
    for (const network of networks.slice(1)) await docker('network', 'connect', network, container)
    return docker('start', container)
  }

  const names = await run('dockercoins/rng', '-e', slowNameServer)
  const address = await docker(
    'inspect',
    '--format',
    `{{(index .NetworkSettings.Networks "${networks[0]}").IPAddress}}`,
    names,
  )
  const resolvers = join(folder, 'resolv.conf')
  await writeFile(resolvers, `nameserver ${address}\noptions ndots:0\n`, { mode: 0o644 })
  const worker = await run('--volume', `${resolvers}:/etc/resolv.conf:ro`, 'dockercoins/worker')

  const first = await until(
    'a first hash in /json',
    () => totals(stack.urls.webui),
    ({ hashes }) => hashes > 0,
  )
  const later = await until(
    'enough hashes in /json',
    () => totals(stack.urls.webui),
    ({ hashes }) => hashes >= first.hashes + 50,
  )
  const speed = (later.hashes - first.hashes) / (later.now - first.now)
  // With a lookup of a second for each of the two requests it would be less than 0.5.
  assert.ok(speed > 1, `expected about 3.3 hashes per second, got ${speed.toFixed(2)}`)

  await docker('stop', worker)
  // The engine kills a container after 10 s, and its exit code is then 137.
  assert.equal(await docker('inspect', '--format', '{{.State.ExitCode}}', worker), '0')
})
