import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'

import { openLedger } from './index.ts'
import { sampleBatch, sampleCoin, sampleReport } from './sample-batch.ts'

const run = promisify(execFile)

// Together, for some wait for seconds; each has a file of its own.
suite('a ledger in a file', { concurrency: true }, () => {
  test('eight processes that start together create one ledger, and count exactly', async (t) => {
    const path = join(await makeFolder(t), 'new', 'folder', 'ledger.db')
    const script = `import { openLedger } from ${JSON.stringify(import.meta.resolve('./index.ts'))}
    import { sampleBatch, sampleCoin } from ${JSON.stringify(import.meta.resolve('./sample-batch.ts'))}
    const ledger = await openLedger({ ledgerUrl: ${JSON.stringify(`file:${path}`)}, keyPrefix: '' })
    const { worker } = sampleBatch()
    for (let sequence = 1; sequence <= 30; sequence++) {
      const batch = sampleBatch({ worker, sequence, hashes: sequence, coins: [sampleCoin()] })
      await stubbornly(() => ledger.record(batch))
      if (sequence % 3 === 0 && (await stubbornly(() => ledger.record(batch))) !== 'already') throw new Error('counted twice')
    }
    await ledger.close()
    // On a slow disk one of eight may not get its turn within the bound, and tries again as a worker does.
    async function stubbornly(act) {
      for (;;) try { return await act() } catch (error) { if (!/locked/.test(error.message)) throw error }
    }`
    const processes = Array.from({ length: 8 }, () => run(process.execPath, ['--input-type=module', '-e', script]))
    for (const { stdout, stderr } of await Promise.all(processes)) assert.equal(stdout + stderr, '')

    const ledger = await open(t, path)
    assert.deepEqual(await ledger.totals(), { hashes: 8 * 465, coins: 8 * 30 })
    assert.deepEqual(await ledger.sums(), { hashes: 8 * 465, batches: 8 * 465 })
  })

  test('what was counted is there after closing and opening again', async (t) => {
    const path = join(await makeFolder(t), 'ledger.db')
    const batch = sampleBatch({ coins: [sampleCoin()] })
    const first = await open(t, path)
    await first.record(batch)
    await first.close()
    const second = await open(t, path)
    assert.equal(await second.record(batch), 'already')
    assert.deepEqual(await second.totals(), { hashes: 10, coins: 1 })
  })

  test('a file from before wallets were bounded goes on as it is', async (t) => {
    const path = join(await makeFolder(t), 'ledger.db')
    const first = await open(t, path)
    const batch = sampleBatch({ coins: [sampleCoin(), sampleCoin()] })
    await first.record(batch)
    await first.close()
    openDatabase(t, path).exec('DROP TABLE unkept')
    const second = await openLedger({ ledgerUrl: `file:${path}`, keyPrefix: '', maxCoins: 3 })
    t.after(() => second.close())
    await second.record({ ...batch, sequence: 2, coins: [sampleCoin(), sampleCoin()] })
    assert.deepEqual(await second.coinCounts(), { kept: 3, unkept: 1 })
    assert.equal((await second.totals()).coins, 4)
  })

  test('while another process holds the lock for long, record waits without blocking, then counts', async (t) => {
    const path = join(await makeFolder(t), 'ledger.db')
    const ledger = await open(t, path)
    const other = openDatabase(t, path)
    other.exec('BEGIN IMMEDIATE')
    const recording = ledger.record(sampleBatch())
    // Reading goes on: only writers wait for one another.
    for (let i = 0; i < 5; i++) assert.deepEqual(await ledger.totals(), { hashes: 0, coins: 0 })
    other.exec('ROLLBACK')
    assert.equal(await recording, 'recorded')
  })

  test('a lock that is never given back makes record reject within the bound, and count later', async (t) => {
    const path = join(await makeFolder(t), 'ledger.db')
    const ledger = await open(t, path)
    const other = openDatabase(t, path)
    other.exec('BEGIN IMMEDIATE')
    const batch = sampleBatch()
    const began = performance.now()
    await assert.rejects(
      ledger.record(batch),
      /^Error: the ledger in the file [^\n]* cannot be used: database is locked$/,
    )
    assert.ok(performance.now() - began < 5500)
    other.exec('ROLLBACK')
    assert.equal(await ledger.record(batch), 'recorded')
  })

  test('a batch that fails halfway leaves nothing behind', async (t) => {
    const path = join(await makeFolder(t), 'ledger.db')
    const ledger = await open(t, path)
    const other = openDatabase(t, path)
    other.exec(`CREATE TRIGGER refuse BEFORE INSERT ON workers BEGIN SELECT RAISE(ABORT, 'no room'); END`)
    const batch = sampleBatch({ coins: [sampleCoin()] })
    const report = sampleReport(batch.worker)
    await assert.rejects(ledger.record({ ...batch, report }), /cannot be used: no room/)
    assert.deepEqual(await ledger.totals(), { hashes: 0, coins: 0 })
    assert.deepEqual(await ledger.sums(), { hashes: 0, batches: 0 })
    other.exec('DROP TRIGGER refuse')
    assert.equal(await ledger.record({ ...batch, report }), 'recorded')
  })

  test('buckets older than an hour are deleted, and workers that are dead', async (t) => {
    const path = join(await makeFolder(t), 'ledger.db')
    const ledger = await open(t, path)
    const other = openDatabase(t, path)
    other.exec(`INSERT INTO speed VALUES (1700000000, 5); INSERT INTO workers VALUES ('dead', 1700000000000, '{}')`)
    const batch = sampleBatch()
    await ledger.record({ ...batch, report: sampleReport(batch.worker) })
    assert.deepEqual(await ledger.speeds(1_700_000_000, 1), [0])
    assert.equal(other.prepare('SELECT count(*) AS n FROM workers').get()?.n, 1)
  })

  test('a file that cannot be opened or is no database is refused in one line that names it', async (t) => {
    const folder = await makeFolder(t)
    const notes = join(folder, 'notes.txt')
    await writeFile(notes, 'not a database\n'.repeat(100))
    const line = /^Error: the ledger in the file [^\n]+ cannot be used: [^\n]+$/
    await assert.rejects(open(t, notes), /notes\.txt cannot be used: file is not a database$/)
    await assert.rejects(open(t, folder), line)
    await assert.rejects(open(t, join(notes, 'ledger.db')), line)
  })

  test('a file that is damaged later is said, not taken for an empty ledger', async (t) => {
    const path = join(await makeFolder(t), 'ledger.db')
    const first = await open(t, path)
    for (let sequence = 1; sequence <= 20; sequence++) {
      await first.record(sampleBatch({ coins: Array.from({ length: 100 }, sampleCoin) }))
    }
    await first.close()
    await writeFile(path, randomBytes(100_000), { flag: 'r+' })
    await assert.rejects(open(t, path), /cannot be used: file is not a database$/)
  })
})

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-sqlite-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

async function open(t: TestContext, path: string) {
  const ledger = await openLedger({ ledgerUrl: `file:${path}`, keyPrefix: '' })
  t.after(() => ledger.close())
  return ledger
}

function openDatabase(t: TestContext, path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  t.after(() => db.close())
  return db
}
