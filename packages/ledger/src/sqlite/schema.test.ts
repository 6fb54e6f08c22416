import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { openDatabase, openLedgerFile, temporaryFolder } from '@dockercoins/testing/ledger-file'
import { sampleEntry, sampleCoin } from '@dockercoins/testing/sample-entry'

import { audit } from '../audit/audit.ts'

/**
 * Written by the first edition: 62 hashes of two workers; four coins, of which the wallet kept
 * three.
 */
const FIRST_EDITION = new URL('../fixtures/sqlite-0.1.db', import.meta.url)
const FIRST_WORKER = '11111111-1111-4111-8111-111111111111'

test('a file of the first edition keeps its counts, passes the audit and takes new entries', async (t) => {
  const path = await copyOfFirstEdition(t)
  const ledger = await openLedgerFile(t, path)
  assert.deepEqual(await ledger.totals(), { hashes: 62, coins: 4, recorded: 62 })
  assert.deepEqual(await ledger.sums(), { hashes: 62, entries: 62, coins: 4 })
  assert.equal((await audit(ledger)).sound, true)

  const entry = sampleEntry({ worker: FIRST_WORKER, sequence: 2, coins: [sampleCoin()] })
  assert.equal(await ledger.record(entry), 'duplicate')
  assert.equal(await ledger.record({ ...entry, sequence: 3 }), 'recorded')
  await ledger.close()
  const again = await openLedgerFile(t, path)
  assert.deepEqual(await again.sums(), { hashes: 72, entries: 72, coins: 5 })
  assert.equal((await audit(again)).sound, true)
})

test('a process of the first edition that has the file open goes on recording', async (t) => {
  const path = await copyOfFirstEdition(t)
  const db = openDatabase(t, path)
  // Its statements, prepared before the tables are migrated.
  const addBatch = db.prepare(
    `INSERT INTO "batches" VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET sequence = excluded.sequence, hashes = hashes + excluded.hashes`,
  )
  const addTotals = db.prepare(`UPDATE "totals" SET hashes = hashes + ?, coins = coins + ?`)
  const ledger = await openLedgerFile(t, path)
  await ledger.record(sampleEntry({ hashes: 8 }))
  addBatch.run(FIRST_WORKER, 3, 30)
  addTotals.run(30, 0)
  assert.deepEqual(await ledger.totals(), { hashes: 100, coins: 4, recorded: 100 })
  assert.equal((await audit(ledger)).sound, true)
})

test('eight ledgers that open a file of the first edition at once count its coins once', async (t) => {
  const path = await copyOfFirstEdition(t)
  const ledgers = await Promise.all(Array.from({ length: 8 }, () => openLedgerFile(t, path)))
  await Promise.all(ledgers.map((ledger) => ledger.record(sampleEntry({ coins: [sampleCoin()] }))))
  assert.deepEqual(await ledgers[0]?.sums(), { hashes: 142, entries: 142, coins: 12 })
})

test('a file of a newer format is refused in one line, and is left as it is', async (t) => {
  const path = await copyOfFirstEdition(t)
  const db = openDatabase(t, path)
  db.exec('PRAGMA user_version = 2')
  await assert.rejects(
    openLedgerFile(t, path),
    /cannot be used: expected a file of format 1 or older, got format 2: use [^\n]+$/,
  )
  assert.deepEqual(
    { ...db.prepare(`SELECT count(*) AS found FROM sqlite_schema WHERE name = 'found'`).get() },
    { found: 0 },
  )
})

async function copyOfFirstEdition(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'ledger.db')
  await copyFile(FIRST_EDITION, path)
  return path
}
