import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'

import { temporaryFolder } from '@dockercoins/testing/ledger-file'
import { numberedEntry } from '@dockercoins/testing/sample-entry'
import * as fc from 'fast-check'

import { audit } from '../audit/audit.ts'
import { openLedger } from '../index.ts'

test('whatever several processes do, with replies lost and processes killed, every entry counts exactly once', async (t) => {
  const folder = await makeFolder(t)
  const kills = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 3 })
  const property = fc.asyncProperty(kills, fc.nat({ max: 40 }), async (entriesUntilKill, maxCoins) => {
    const path = join(folder, `${randomUUID()}.db`)
    const workers = entriesUntilKill.map((entries) => ({ worker: randomUUID(), entries }))
    // Sent by each, of which the last may have been recorded or not.
    const sent = await Promise.all(workers.map(({ worker, entries }) => recordUntilKilled(path, worker, entries)))
    const ledger = await openLedger({ ledgerUrl: `file:${path}`, keyPrefix: '', maxCoins })
    const most = sum(sent.map(sumUpTo))
    const { hashes } = await ledger.totals()
    assert.ok(
      hashes <= most && hashes >= most - sum(sent),
      `${hashes} of ${most} hashes, the last entries being ${sent.join(', ')}`,
    )
    for (const [i, { worker }] of workers.entries()) {
      // Some of them a second time, as a worker does that missed the reply.
      for (let sequence = Math.max(1, sent[i]! - 3); sequence <= sent[i]!; sequence++) {
        await ledger.record(numberedEntry(worker, sequence))
      }
    }
    assert.deepEqual(await ledger.totals(), { hashes: most, coins: sum(sent), recorded: most })
    const found = await audit(ledger)
    assert.deepEqual([found.sound, found.foreignHashes, found.foreignCoins], [true, 0, 0])
    await ledger.close()
  })
  await fc.assert(property, { numRuns: 5, endOnFailure: true })
})

test('whatever is recorded through several handles, in any order and again, the sums agree with what was sent', async (t) => {
  const folder = await makeFolder(t)
  const workers = [randomUUID(), randomUUID(), randomUUID()]
  const steps = fc.array(
    fc.record({
      handle: fc.nat({ max: 2 }),
      worker: fc.nat({ max: 2 }),
      isResent: fc.boolean(),
      isReopened: fc.boolean(),
    }),
    { maxLength: 25 },
  )
  const property = fc.asyncProperty(steps, fc.nat({ max: 20 }), async (history, maxCoins) => {
    const ledgerUrl = `file:${join(folder, `${randomUUID()}.db`)}`
    const openOne = () => openLedger({ ledgerUrl, keyPrefix: '', maxCoins })
    const handles = [await openOne(), await openOne(), await openOne()]
    const sent = [0, 0, 0]
    for (const { handle, worker, isResent, isReopened } of history) {
      if (isReopened) {
        await handles[handle]!.close()
        handles[handle] = await openOne()
      }
      const isOld = isResent && sent[worker]! > 0
      if (!isOld) sent[worker]!++
      const outcome = await handles[handle]!.record(numberedEntry(workers[worker]!, sent[worker]!))
      assert.equal(outcome, isOld ? 'duplicate' : 'recorded')
    }
    const hashes = sum(sent.map(sumUpTo))
    for (const ledger of handles) {
      assert.deepEqual(await ledger.totals(), { hashes, coins: sum(sent), recorded: hashes })
      assert.deepEqual(await ledger.sums(), { hashes, entries: hashes, coins: sum(sent) })
      assert.equal((await ledger.coinCounts()).kept, Math.min(sum(sent), maxCoins))
      assert.equal((await audit(ledger)).sound, true)
      await ledger.close()
    }
  })
  await fc.assert(property, { numRuns: 25 })
})

/**
 * Records from a process of its own, and kills it while it sends entry number `entries`. Resolves
 * to the last entry sent.
 */
async function recordUntilKilled(path: string, worker: string, entries: number): Promise<number> {
  const script = `import { openLedger } from ${JSON.stringify(import.meta.resolve('../index.ts'))}
  import { numberedEntry } from ${JSON.stringify(import.meta.resolve('@dockercoins/testing/sample-entry'))}
  import { writeSync } from 'node:fs'
  const [path, worker] = process.argv.slice(1)
  const ledger = await openLedger({ ledgerUrl: 'file:' + path, keyPrefix: '', maxCoins: 10 })
  for (let sequence = 1; ; sequence++) {
    writeSync(1, sequence + '\\n')
    for (;;) try { await ledger.record(numberedEntry(worker, sequence)); break } catch (error) { if (!/locked/.test(error.message)) throw error }
  }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path, worker], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let last = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last === entries) child.kill('SIGKILL')
  }
  await closed
  return last
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function sumUpTo(last: number): number {
  return (last * (last + 1)) / 2
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t)
  return folder
}
