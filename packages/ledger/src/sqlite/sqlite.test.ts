import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'

import { openDatabase, openLedgerFile, temporaryFolder } from '@dockercoins/testing/ledger-file'
import { sampleEntry, sampleCoin, sampleReport } from '@dockercoins/testing/sample-entry'

import { openLedger } from '../index.ts'

const run = promisify(execFile)

// Together, for some wait for seconds; each has a file of its own.
suite('a ledger in a file', { concurrency: true }, () => {
  test('eight processes that start together create one ledger, and count exactly', async (t) => {
    const path = join(await temporaryFolder(t), 'new', 'folder', 'ledger.db')
    const script = `import { openLedger } from ${JSON.stringify(import.meta.resolve('../index.ts'))}
    import { sampleEntry, sampleCoin } from ${JSON.stringify(import.meta.resolve('@dockercoins/testing/sample-entry'))}
    const ledger = await openLedger({ ledgerUrl: ${JSON.stringify(`file:${path}`)}, keyPrefix: '' })
    const { worker } = sampleEntry()
    for (let sequence = 1; sequence <= 30; sequence++) {
      const entry = sampleEntry({ worker, sequence, hashes: sequence, coins: [sampleCoin()] })
      await stubbornly(() => ledger.record(entry))
      if (sequence % 3 === 0 && (await stubbornly(() => ledger.record(entry))) !== 'duplicate') throw new Error('counted twice')
    }
    await ledger.close()
    // On a slow disk one of eight may not get its turn within the bound, and tries again as a
    // worker does.
    async function stubbornly(act) {
      for (;;) try { return await act() } catch (error) { if (!/locked/.test(error.message)) throw error }
    }`
    const processes = Array.from({ length: 8 }, () => run(process.execPath, ['--input-type=module', '-e', script]))
    for (const { stdout, stderr } of await Promise.all(processes)) assert.equal(stdout + stderr, '')

    const ledger = await openLedgerFile(t, path)
    assert.deepEqual(await ledger.totals(), { hashes: 8 * 465, coins: 8 * 30, recorded: 8 * 465 })
    assert.deepEqual(await ledger.sums(), { hashes: 8 * 465, entries: 8 * 465, coins: 8 * 30 })
  })

  test('what was counted is there after closing and opening again', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.db')
    const entry = sampleEntry({ coins: [sampleCoin()] })
    const first = await openLedgerFile(t, path)
    await first.record(entry)
    await first.close()
    const second = await openLedgerFile(t, path)
    assert.equal(await second.record(entry), 'duplicate')
    assert.deepEqual(await second.totals(), { hashes: 10, coins: 1, recorded: 10 })
  })

  test('a file from before wallets were bounded goes on as it is', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.db')
    const first = await openLedgerFile(t, path)
    const entry = sampleEntry({ coins: [sampleCoin(), sampleCoin()] })
    await first.record(entry)
    await first.close()
    openDatabase(t, path).exec('DROP TABLE unkept')
    const second = await openLedger({ ledgerUrl: `file:${path}`, keyPrefix: '', maxCoins: 3 })
    t.after(() => second.close())
    await second.record({ ...entry, sequence: 2, coins: [sampleCoin(), sampleCoin()] })
    assert.deepEqual(await second.coinCounts(), { kept: 3, unkept: 1 })
    assert.equal((await second.totals()).coins, 4)
  })

  test('while another process holds the lock for long, record waits without blocking, then counts', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.db')
    const ledger = await openLedgerFile(t, path)
    const other = openDatabase(t, path)
    other.exec('BEGIN IMMEDIATE')
    const recording = ledger.record(sampleEntry())
    // Reading goes on: only writers wait for one another.
    for (let i = 0; i < 5; i++) assert.deepEqual(await ledger.totals(), { hashes: 0, coins: 0, recorded: 0 })
    other.exec('ROLLBACK')
    assert.equal(await recording, 'recorded')
  })

  test('a lock that is never given back makes record reject, and count later', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.db')
    const ledger = await openLedgerFile(t, path)
    const other = openDatabase(t, path)
    other.exec('BEGIN IMMEDIATE')
    const entry = sampleEntry()
    await assert.rejects(
      ledger.record(entry),
      /^Error: the ledger in the file [^\n]* cannot be used: database is locked$/,
    )
    other.exec('ROLLBACK')
    assert.equal(await ledger.record(entry), 'recorded')
  })

  test('an entry that fails halfway leaves nothing behind', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.db')
    const ledger = await openLedgerFile(t, path)
    const other = openDatabase(t, path)
    other.exec(`CREATE TRIGGER refuse BEFORE INSERT ON workers BEGIN SELECT RAISE(ABORT, 'no room'); END`)
    const entry = sampleEntry({ coins: [sampleCoin()] })
    const report = sampleReport(entry.worker)
    await assert.rejects(ledger.record({ ...entry, report }), /cannot be used: no room/)
    assert.deepEqual(await ledger.totals(), { hashes: 0, coins: 0, recorded: 0 })
    assert.deepEqual(await ledger.sums(), { hashes: 0, entries: 0, coins: 0 })
    other.exec('DROP TRIGGER refuse')
    assert.equal(await ledger.record({ ...entry, report }), 'recorded')
  })

  test('the newest 28,800 seconds of speed are kept, and older ones are not known', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.db')
    const ledger = await openLedgerFile(t, path)
    const second = Math.floor(Date.now() / 1000)
    openDatabase(t, path).exec(`
      WITH RECURSIVE ago(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM ago WHERE n < 28900)
      INSERT INTO speed SELECT ${second} - n, 1000000 FROM ago`)
    await ledger.record(sampleEntry({ hashes: 5, from: second * 1000, to: second * 1000 + 1000 }))
    assert.deepEqual(await ledger.speeds(second - 28_800, 3), [null, 1, 1])
    assert.deepEqual(await ledger.speeds(second, 1), [5])
  })

  test('a worker two hours ahead deletes neither the speed nor the reports of others', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.db')
    const ledger = await openLedgerFile(t, path)
    const entry = sampleEntry()
    const report = sampleReport(entry.worker)
    await ledger.record({ ...entry, report })
    const from = Math.floor(entry.from / 1000)
    const speeds = await ledger.speeds(from, 3)

    const realNow = Date.now()
    t.mock.timers.enable({ apis: ['Date'], now: realNow + 7_200_000 })
    const ahead = sampleEntry()
    await ledger.record({ ...ahead, report: sampleReport(ahead.worker) })
    t.mock.timers.setTime(realNow)
    assert.deepEqual(await ledger.speeds(from, 3), speeds)
    assert.ok((await ledger.reports()).some(({ worker }) => worker === entry.worker))
  })

  test('a file that cannot be opened or is no database is refused in one line that names it', async (t) => {
    const folder = await temporaryFolder(t)
    const notes = join(folder, 'notes.txt')
    await writeFile(notes, 'not a database\n'.repeat(100))
    const line = /^Error: the ledger in the file [^\n]+ cannot be used: [^\n]+$/
    await assert.rejects(openLedgerFile(t, notes), /notes\.txt cannot be used: file is not a database$/)
    await assert.rejects(openLedgerFile(t, folder), line)
    await assert.rejects(openLedgerFile(t, join(notes, 'ledger.db')), line)
  })

  test('a file that is damaged later is said, not taken for an empty ledger', async (t) => {
    const path = join(await temporaryFolder(t), 'ledger.db')
    const first = await openLedgerFile(t, path)
    for (let sequence = 1; sequence <= 20; sequence++) {
      await first.record(sampleEntry({ coins: Array.from({ length: 100 }, sampleCoin) }))
    }
    await first.close()
    await writeFile(path, randomBytes(100_000), { flag: 'r+' })
    await assert.rejects(openLedgerFile(t, path), /cannot be used: file is not a database$/)
  })
})
