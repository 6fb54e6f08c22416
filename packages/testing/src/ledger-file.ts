import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'

import { openLedger, type Ledger } from '@dockercoins/ledger'

/** A new folder, which is removed when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The ledger in the file at `path`, which is closed when the test ends. */
export async function openLedgerFile(t: TestContext, path: string): Promise<Ledger> {
  const ledger = await openLedger({ ledgerUrl: `file:${path}`, keyPrefix: '' })
  t.after(() => ledger.close())
  return ledger
}

/** The database in that file, past the ledger. It is closed when the test ends. */
export function openDatabase(t: TestContext, path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  t.after(() => db.close())
  return db
}
