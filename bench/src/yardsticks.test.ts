import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { within } from '@dockercoins/testing'
import { temporaryFolder } from '@dockercoins/testing/ledger-file'
import { listenLocally } from '@dockercoins/testing/listen'
import { startService } from '@dockercoins/testing/service-process'

import { killAll } from './processes.ts'
import { buildPlainGo, floor, hasGo, NO_GO, startLoops, startPart, type Yardstick } from './yardsticks.ts'

// Without the options of the images, which need a bundle.
const plainNode = (command: string[]) => [process.execPath, command.at(-1)!]
const yardsticks: Record<string, { build: () => Yardstick; skip?: string | false }> = {
  'the floor': {
    build: () => ({ rng: plainNode(floor.rng), hasher: plainNode(floor.hasher), worker: plainNode(floor.worker) }),
  },
  'plain Go': { build: buildPlainGo, skip: !hasGo() && NO_GO },
}
for (const [name, { build, skip = false }] of Object.entries(yardsticks)) {
  test(`the messages of ${name} have the headers and sizes of ours`, { skip }, async (t) => {
    const yardstick = build()
    t.after(killAll)
    const theirs = await messagesOf(
      t,
      (part) => startPart(yardstick, part),
      (urls) => startLoops(yardstick, urls, 1),
    )
    const LEDGER_URL = `file:${join(await temporaryFolder(t), 'ledger.db')}`
    const ours = await messagesOf(
      t,
      (part) => startService(t, part, { DELAY_MS: '0', HOSTNAME: `${part}-1` }),
      ({ rng, hasher }) => startService(t, 'worker', { LEDGER_URL, RNG_URL: rng, HASHER_URL: hasher }),
    )
    assert.deepEqual(theirs, ours)
  })
}

/** A request to rng and to hasher, and their responses. */
async function messagesOf(
  t: TestContext,
  startServer: (part: 'rng' | 'hasher') => Promise<{ url: string }>,
  startWorker: (urls: { rng: string; hasher: string }) => Promise<unknown>,
) {
  const [rng, hasher] = await Promise.all([startServer('rng'), startServer('hasher')])
  const [toRng, toHasher] = await Promise.all([startRecorder(t, rng.url), startRecorder(t, hasher.url)])
  await startWorker({ rng: toRng.url, hasher: toHasher.url })
  const messages = await within('two units of work', Promise.all([toRng.messages, toHasher.messages]))
  return messages.flat().map(form)
}

/** A proxy to `url`, and the first request and response that pass it. */
async function startRecorder(t: TestContext, url: string) {
  const { promise, resolve } = Promise.withResolvers<string[]>()
  const sockets: Socket[] = []
  const proxy = createServer((client) => {
    const upstream = connect(Number(new URL(url).port), '127.0.0.1')
    sockets.push(
      client.on('error', () => {}),
      upstream.on('error', () => {}),
    )
    let [request, response] = ['', '']
    client.on('data', (bytes) => {
      // The next request: the response is complete.
      if (response !== '') resolve([request, response])
      request += bytes.toString('latin1')
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      response += bytes.toString('latin1')
      client.write(bytes)
    })
  })
  t.after(() => {
    proxy.close()
    for (const socket of sockets) socket.destroy()
  })
  return { url: `http://127.0.0.1:${await listenLocally(proxy)}`, messages: promise }
}

/** The lines of a message in any order and case, without dates, ports and times, and the size of its body. */
function form(message: string) {
  const end = message.indexOf('\r\n\r\n')
  const head = message.slice(0, end).toLowerCase()
  const lines = head
    .replace(/(?<=^date: ).{29}$/m, '…')
    .replace(/(?<=^host: .*:)\d+$/m, '…')
    .replaceAll(/(?<=dur=)[\d.]+/g, '…')
  return { lines: lines.split('\r\n').toSorted(), bodyBytes: message.length - end - 4 }
}
