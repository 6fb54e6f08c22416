import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { temporaryFolder } from '@dockercoins/testing/ledger-file'
import { hasRedisServer, NO_REDIS, startRedisServer } from '@dockercoins/testing/redis-server'
import { sampleEntry, sampleCoin } from '@dockercoins/testing/sample-entry'
import { createClient } from '@redis/client'

import { openLedger } from '../index.ts'

const command = new URL('command.ts', import.meta.url).pathname

test('a sound ledger in a file exits with 0, named by LEDGER_URL or by an argument', async (t) => {
  const ledgerUrl = await makeFile(t)
  const ledger = await openLedger({ ledgerUrl, keyPrefix: 'blue:' })
  await ledger.record(sampleEntry({ coins: [sampleCoin()] }))
  await ledger.close()
  const expected = 'coins checked: 1, bad: 0\nhashes counted: 10\nhashes in entries: 10\nThe ledger is sound.\n'
  const byVariable = await audit({ LEDGER_URL: ledgerUrl, KEY_PREFIX: 'blue:' })
  assert.deepEqual(byVariable, { code: 0, stdout: expected, stderr: '' })
  const byArgument = await audit({ LEDGER_URL: 'redis://127.0.0.1:1', KEY_PREFIX: 'blue:' }, ledgerUrl)
  assert.deepEqual(byArgument, byVariable)
})

test('a ledger whose wallet is full is sound, and says how many coins it did not keep', async (t) => {
  const ledgerUrl = await makeFile(t)
  const ledger = await openLedger({ ledgerUrl, keyPrefix: '', maxCoins: 1 })
  await ledger.record(sampleEntry({ coins: [sampleCoin(), sampleCoin(), sampleCoin()] }))
  await ledger.close()
  const { code, stdout } = await audit({ LEDGER_URL: ledgerUrl })
  assert.equal(code, 0)
  assert.match(stdout, /^coins checked: 1, bad: 0\ncoins counted, but not kept because the wallet was full: 2\n/)
})

test('a ledger in Redis that a classic worker shares is sound, and what it added is reported', async (t) => {
  if (!hasRedisServer()) return t.skip(NO_REDIS)
  const { ledger, client, url } = await startRedis(t)
  await ledger.record(sampleEntry({ coins: [sampleCoin(), sampleCoin()] }))
  // As worker.py of the classic does: a coin as it is found, and the counter once a second.
  for (const { digest, bytes } of [sampleCoin(), sampleCoin(), sampleCoin()]) {
    await client.hSet('wallet', digest, Buffer.from(bytes))
  }
  await client.incrBy('hashes', 48)

  const { code, stdout } = await audit({ LEDGER_URL: url })
  assert.equal(
    stdout,
    "coins checked: 5, bad: 0\ncoins from foreign workers, such as the classic's: 3\nhashes counted: 58\n" +
      "hashes in entries: 10\nhashes from foreign workers, such as the classic's: 48\nThe ledger is sound.\n",
  )
  assert.equal(code, 0)
})

test('a ledger in Redis that evicted the wallet is unsound, and so is a bad coin', async (t) => {
  if (!hasRedisServer()) return t.skip(NO_REDIS)
  const { ledger, client, url } = await startRedis(t)
  await ledger.record(sampleEntry({ coins: Array.from({ length: 3000 }, sampleCoin) }))
  await client.del('wallet')
  await client.hSet('wallet', '0bad', 'x')

  const { code, stdout, stderr } = await audit({ LEDGER_URL: url })
  assert.deepEqual([code, stderr], [1, ''])
  assert.match(stdout, /^coins checked: 1, bad: 1\n {2}"0bad" is not the SHA-256 of its 1 bytes/)
  assert.match(stdout, /\ncoins missing: 2999 \(evicted by .*\nThe ledger is NOT sound\.\n$/s)
})

test('a ledger that cannot be reached exits with 2, in one line', async () => {
  const { code, stdout, stderr } = await audit({}, 'redis://:geheim@127.0.0.1:1')
  assert.deepEqual([code, stdout], [2, ''])
  assert.equal(
    stderr,
    'The ledger cannot be read: Redis at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1. ' +
      'To check another ledger: npm run audit -- URL (of npm start: file:.data/8000/ledger.db)\n',
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

test('a URL argument that is not valid exits with 78, in one line about the argument', async () => {
  const { code, stderr } = await audit({ LEDGER_URL: 'redis://redis' }, 'ftp://redis')
  assert.equal(code, 78)
  assert.match(stderr, /^The URL argument is "ftp:\/\/redis": expected redis:[^\n]*\n$/)
})

test('an empty ledger exits with 0, and a line names what to check', async (t) => {
  const ledgerUrl = await makeFile(t)
  await (await openLedger({ ledgerUrl, keyPrefix: '' })).close()
  const { code, stdout } = await audit({ LEDGER_URL: ledgerUrl })
  assert.equal(code, 0)
  assert.match(stdout, /\nThe ledger is empty: [^\n]*KEY_PREFIX\.\nThe ledger is sound\.\n$/)
})

test('--help prints the usage', async () => {
  const { code, stdout } = await audit({}, '--help')
  assert.equal(code, 0)
  assert.match(stdout, /^Usage: npm run audit /)
})

async function startRedis(t: TestContext) {
  const server = await startRedisServer()
  const ledger = await openLedger({ ledgerUrl: server.url, keyPrefix: '' })
  const client = await createClient({ url: server.url }).connect()
  t.after(async () => {
    client.destroy()
    await ledger.close()
    await server.remove()
  })
  return { ledger, client, url: server.url }
}

function audit(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const { PATH } = process.env
    const child = execFile(process.execPath, [command, ...args], { env: { PATH, ...env } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

async function makeFile(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t)
  return `file:${join(folder, 'ledger.db')}`
}
