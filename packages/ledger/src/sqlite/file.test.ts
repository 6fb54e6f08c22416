import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'

import { temporaryFolder } from '@dockercoins/testing/ledger-file'
import { sampleEntry, sampleCoin } from '@dockercoins/testing/sample-entry'

import { openLedger } from '../index.ts'

suite('the file of a ledger', { concurrency: true }, () => {
  test('a file that is deleted while in use makes one call reject, and is created anew by the next', async (t) => {
    const { folder, path, ledger } = await setUp(t)
    const entry = sampleEntry()
    await ledger.record(entry)
    await rm(folder, { recursive: true })
    const next = { ...entry, sequence: 2, hashes: 7 }
    await assert.rejects(ledger.record(next), oneLine(path, 'the file was deleted while in use'))
    assert.equal(await ledger.record(next), 'recorded')
    assert.equal((await (await open(t, path)).totals()).hashes, 7)
  })

  test('a reader notices the deleted file as well, and sees the new one', async (t) => {
    const { folder, path, ledger } = await setUp(t)
    const reader = await open(t, path)
    await ledger.record(sampleEntry())
    await rm(folder, { recursive: true })
    await assert.rejects(reader.totals(), oneLine(path, 'the file was deleted while in use'))
    assert.equal((await reader.totals()).hashes, 0)
    // By then the file is there again, and is another one.
    await assert.rejects(ledger.record(sampleEntry()), oneLine(path, 'the file was replaced while in use'))
    await ledger.record(sampleEntry({ hashes: 3 }))
    assert.equal((await reader.totals()).hashes, 3)
  })

  test('a file that is replaced while in use makes one call reject; the next call uses the new file', async (t) => {
    const { folder, path, ledger } = await setUp(t)
    const other = await open(t, join(folder, 'other.db'))
    await other.record(sampleEntry({ hashes: 400 }))
    await other.close()
    await rename(join(folder, 'other.db'), path)
    await assert.rejects(ledger.totals(), oneLine(path, 'the file was replaced while in use'))
    assert.equal((await ledger.totals()).hashes, 400)
  })

  for (const suffix of ['-wal', '-shm']) {
    test(`a ${suffix} file that is deleted while in use makes one call reject, and no entry is lost`, async (t) => {
      const { path, ledger } = await setUp(t)
      const entry = sampleEntry({ coins: [sampleCoin()] })
      await ledger.record(entry)
      await rm(path + suffix)
      await assert.rejects(ledger.totals(), oneLine(path, `its ${suffix} file was deleted while in use`))
      assert.equal(await ledger.record(entry), 'duplicate')
      await ledger.record({ ...entry, sequence: 2, coins: [] })
      assert.deepEqual(await (await open(t, path)).totals(), { hashes: 20, coins: 1, recorded: 20 })
    })
  }

  test('a ledger that is busy at the start opens, rejects while it waits, and counts when the lock is free', async (t) => {
    const { folder } = await setUp(t)
    const path = join(folder, 'busy.db')
    const other = new DatabaseSync(path)
    t.after(() => other.close())
    other.exec('BEGIN EXCLUSIVE')
    const ledger = await open(t, path)
    const recording = ledger.record(sampleEntry())
    other.exec('ROLLBACK')
    assert.equal(await recording, 'recorded')
  })

  test('a ledger that is busy for longer than a call may take is an outage, not a misconfiguration', async (t) => {
    const { folder } = await setUp(t)
    const path = join(folder, 'busy.db')
    const other = new DatabaseSync(path)
    t.after(() => other.close())
    other.exec('BEGIN EXCLUSIVE')
    const ledger = await open(t, path)
    const entry = sampleEntry()
    await assert.rejects(ledger.record(entry), oneLine(path, 'database is locked'))
    other.exec('ROLLBACK')
    assert.equal(await ledger.record(entry), 'recorded')
  })

  test('a path below a file is refused at once', async (t) => {
    const { folder } = await setUp(t)
    const file = join(folder, 'file')
    await writeFile(file, '')
    await assert.rejects(open(t, join(file, 'new.db')), /new\.db cannot be used: [^\n]+$/)
  })
})

test('a disk that is full at the start is an outage, not a misconfiguration', async (t) => {
  const { folder } = await setUp(t)
  const full = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 })
  const exec = t.mock.method(DatabaseSync.prototype, 'exec', () => {
    throw full
  })
  const path = join(folder, 'full.db')
  const ledger = await open(t, path)
  await assert.rejects(ledger.record(sampleEntry()), oneLine(path, 'database or disk is full'))
  exec.mock.restore()
  assert.equal(await ledger.record(sampleEntry()), 'recorded')
})

async function setUp(t: TestContext) {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'ledger.db')
  return { folder, path, ledger: await open(t, path) }
}

async function open(t: TestContext, path: string) {
  const ledger = await openLedger({ ledgerUrl: `file:${path}`, keyPrefix: '' })
  t.after(() => ledger.close())
  return ledger
}

function oneLine(path: string, reason: string): RegExp {
  return new RegExp(`^Error: the ledger in the file ${path} cannot be used: ${reason}[^\n]*$`)
}
