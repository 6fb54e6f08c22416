import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { createClient } from '@redis/client'

import { openLedger } from './index.ts'
import { hasRedisServer, NO_REDIS, startRedisServer } from './redis-server.ts'
import { sampleBatch, sampleCoin } from './sample-batch.ts'

const command = new URL('audit-command.ts', import.meta.url).pathname

test('a sound ledger in a file exits with 0, named by LEDGER_URL or by an argument', async (t) => {
  const ledgerUrl = await makeFile(t)
  const ledger = await openLedger({ ledgerUrl, keyPrefix: 'blue:' })
  await ledger.record(sampleBatch({ coins: [sampleCoin()] }))
  await ledger.close()
  const expected = 'coins checked: 1, bad: 0\nhashes counted: 10\nsum of batches: 10\nThe ledger is sound.\n'
  const byVariable = await audit({ LEDGER_URL: ledgerUrl, KEY_PREFIX: 'blue:' })
  assert.deepEqual(byVariable, { code: 0, stdout: expected, stderr: '' })
  const byArgument = await audit({ LEDGER_URL: 'redis://127.0.0.1:1', KEY_PREFIX: 'blue:' }, ledgerUrl)
  assert.deepEqual(byArgument, byVariable)
})

test('a ledger whose wallet is full is sound, and says how many coins it did not keep', async (t) => {
  const ledgerUrl = await makeFile(t)
  const ledger = await openLedger({ ledgerUrl, keyPrefix: '', maxCoins: 1 })
  await ledger.record(sampleBatch({ coins: [sampleCoin(), sampleCoin(), sampleCoin()] }))
  await ledger.close()
  const { code, stdout } = await audit({ LEDGER_URL: ledgerUrl })
  assert.equal(code, 0)
  assert.match(stdout, /^coins checked: 1, bad: 0\ncoins counted beyond the wallet's bound and not kept: 2\n/)
})

test('an unsound ledger in Redis exits with 1 and says what is wrong', async (t) => {
  if (!hasRedisServer()) return t.skip(NO_REDIS)
  const server = await startRedisServer()
  t.after(() => server.remove())
  const ledger = await openLedger({ ledgerUrl: server.url, keyPrefix: '' })
  await ledger.record(sampleBatch({ coins: Array.from({ length: 3000 }, sampleCoin) }))
  await ledger.close()
  const client = await createClient({ url: server.url }).connect()
  await client.incrBy('hashes', 7)
  await client.hSet('wallet', '0bad', 'x')
  client.destroy()

  const { code, stdout, stderr } = await audit({ LEDGER_URL: server.url })
  assert.deepEqual([code, stderr], [1, ''])
  assert.match(stdout, /^coins checked: 3001, bad: 1\n {2}"0bad" is not the SHA-256 of its 1 bytes/)
  assert.match(stdout, /\n7 hashes were counted outside of batches.*\nThe ledger is NOT sound\.\n$/)
})

test('a ledger that cannot be reached exits with 2, in one line', async () => {
  const { code, stdout, stderr } = await audit({}, 'redis://:geheim@127.0.0.1:1')
  assert.deepEqual([code, stdout], [2, ''])
  assert.equal(
    stderr,
    'The ledger cannot be read: Redis at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1. ' +
      'Name another, as npm start tells it: npm run audit -- file:PATH\n',
  )
})

test('a file that is not there is no sound ledger, and is not created', async () => {
  const path = join(tmpdir(), `${randomUUID()}.db`)
  const { code, stdout, stderr } = await audit({}, `file:${path}`)
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, new RegExp(`^The ledger cannot be read: there is no file ${path}`))
  assert.equal(existsSync(path), false)
})

test('a setting that is not valid exits with 78, in one line', async () => {
  const { code, stderr } = await audit({ LEDGER_URL: 'ftp://redis' })
  assert.equal(code, 78)
  assert.match(stderr, /^LEDGER_URL is "ftp:\/\/redis": expected redis:[^\n]*\n$/)
})

function audit(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const { PATH } = process.env
    const child = execFile(process.execPath, [command, ...args], { env: { PATH, ...env } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

async function makeFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-audit-'))
  t.after(() => rm(folder, { recursive: true }))
  return `file:${join(folder, 'ledger.db')}`
}
