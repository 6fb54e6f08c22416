import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test, type TestContext } from 'node:test'

import { openLedger } from '@dockercoins/ledger'
import { startLocal, type LocalOptions } from '@dockercoins/local'
import { until } from '@dockercoins/testing'
import { audit, complaints, hashed, totals, unitsDone } from '@dockercoins/testing/figures'

/** The whole application as `npm start` runs it, on ports that are likely to be free. */
async function startApplication(t: TestContext, options: LocalOptions) {
  const dataFolder = await mkdtemp(join(tmpdir(), 'dockercoins-local-'))
  t.after(() => rm(dataFolder, { recursive: true, force: true }))
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).split('\n'))
      done()
    },
  })
  const port = 20_000 + 200 * Math.floor(Math.random() * 60)
  const local = await startLocal(
    { port, dataFolder, ...options },
    { stream, env: { PATH: process.env.PATH, LOG_FORMAT: 'json' } },
  )
  t.after(() => local.stop())
  await local.ready
  const [webui = '', hasher = ''] = [local.urls.webui[0], local.urls.hasher[0]]
  return { local, lines, webui, hasher }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('ten workers that are stopped leave no process behind and nothing uncounted', async (t) => {
  const { local, lines, webui, hasher } = await startApplication(t, { scale: { worker: 10 } })
  await until(
    'enough hashes in /json',
    () => totals(webui),
    ({ hashes }) => hashes >= 20,
  )
  const { hashes } = await totals(webui)
  assert.ok((await hashed(hasher)) >= hashes)
  const pids = Object.values(local.pids())
  assert.equal(pids.length, 13)

  assert.equal(await local.stop(), 0)
  assert.deepEqual(pids.filter(isAlive), [])
  assert.deepEqual(complaints(lines), [])
  const ledger = await openLedger({ ledgerUrl: local.ledgerUrl, keyPrefix: '' })
  assert.equal((await ledger.totals()).hashes, unitsDone(lines))
  await ledger.close()
  assert.match(await audit(local.ledgerUrl), /sound/)
})

test('two copies run side by side, and neither counts what the other does', async (t) => {
  const blue = await startApplication(t, {})
  const green = await startApplication(t, { scale: { worker: 0 } })
  await until(
    'a first hash in /json',
    () => totals(blue.webui),
    ({ hashes }) => hashes > 0,
  )
  assert.equal((await totals(green.webui)).hashes, 0)
})

test('what was counted is still there after a restart', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-local-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const first = await startApplication(t, { dataFolder: folder })
  await until(
    'a first hash in /json',
    () => totals(first.webui),
    ({ hashes }) => hashes > 0,
  )
  await first.local.stop()
  const second = await startApplication(t, { dataFolder: folder, scale: { worker: 0 } })
  assert.equal((await totals(second.webui)).hashes, unitsDone(first.lines))
})
