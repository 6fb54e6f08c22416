import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { openLedger } from '@dockercoins/ledger'
import { until, within } from '@dockercoins/testing'
import { metric } from '@dockercoins/testing/figures'
import { freePorts } from '@dockercoins/testing/free-ports'
import { startService } from '@dockercoins/testing/service-process'

const repository = fileURLToPath(new URL('../..', import.meta.url))

function createFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dockercoins-unread-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Opens a pipe that is full and that nobody reads. */
function openFullPipe(t: TestContext): number {
  const path = join(createFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const [pipe, filler] = [openSync(path, 'r+'), openSync(path, constants.O_RDWR | constants.O_NONBLOCK)]
  t.after(() => [pipe, filler].forEach((descriptor) => closeSync(descriptor)))
  assert.throws(() => {
    for (;;) writeSync(filler, 'x'.repeat(4096))
  }, /EAGAIN/)
  return pipe
}

/** Runs a service whose standard output is `stdout`, and resolves when it answers. */
async function startUnread(t: TestContext, name: string, stdout: number | 'pipe', env: NodeJS.ProcessEnv) {
  const port = await freePorts()
  const child: ChildProcess = spawn(process.execPath, [`${repository}services/${name}/src/main.ts`], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: `${port}`, ...env },
    stdio: ['ignore', stdout, 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  const exited = () => within('the service to exit', exit)
  const url = `http://127.0.0.1:${port}`
  await until(
    'the service to be ready',
    () => fetch(`${url}/healthz`),
    ({ ok }) => ok,
  )
  return { child, exited, url }
}

for (const LOG_FORMAT of ['json', 'text']) {
  test(`a service whose ${LOG_FORMAT} log nobody reads answers, and stops when it is asked to`, async (t) => {
    const { child, exited, url } = await startUnread(t, 'rng', openFullPipe(t), { LOG_FORMAT, DELAY_MS: '0' })
    for (let request = 0; request < 300; request++) {
      const response = await fetch(`${url}/32`, { signal: AbortSignal.timeout(5_000) })
      assert.equal((await response.bytes()).length, 32)
    }
    child.kill('SIGTERM')
    assert.equal(await exited(), 0)
  })

  test(`a worker whose ${LOG_FORMAT} log has lost its reader goes on mining and records all of it`, async (t) => {
    const LEDGER_URL = `file:${join(createFolder(t), 'ledger.db')}`
    const env = { DELAY_MS: '2', INTERVAL_MS: '50' }
    const [rng, hasher] = await Promise.all([startService(t, 'rng', env), startService(t, 'hasher', env)])
    const wiring = { RNG_URL: rng.url, HASHER_URL: hasher.url, LEDGER_URL }
    const { child, exited, url } = await startUnread(t, 'worker', 'pipe', { ...env, ...wiring, LOG_FORMAT })
    const made = () => metric(url, /^dockercoins_hashes_total /)
    child.stdout!.destroy()
    const before = await made()
    const after = await until('a hundred more hashes', made, (hashes) => hashes > before + 100)
    child.kill('SIGTERM')
    assert.equal(await exited(), 0)
    const ledger = await openLedger({ ledgerUrl: LEDGER_URL, keyPrefix: '', maxCoins: 1000 })
    const { hashes } = await ledger.totals().finally(() => ledger.close())
    assert.ok(hashes >= after, `expected ${after} hashes or more, got ${hashes}`)
  })
}
