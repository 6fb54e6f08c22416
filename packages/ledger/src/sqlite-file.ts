import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** SQLite's own wait for another process's lock stands the whole process still, so it is short, */
const BLOCKING_MS = 50
/** and between tries of it the process goes on; when the lock was not had after so long, the call rejects. */
const CALL_TIMEOUT_MS = 5000
const MAX_PAUSE_MS = 50

export interface File {
  /** Runs `question` against the file, again and again while another process holds the lock, for up to 5 s. */
  call<T>(question: (db: DatabaseSync) => T): Promise<T>
  close(): void
}

/** Opens or creates the file and its folder. Rejects in one line when it cannot, or when it is no database. */
export async function openFile(path: string): Promise<File> {
  const db = openDatabase(path)
  return {
    async call(question) {
      const deadline = Date.now() + CALL_TIMEOUT_MS
      for (;;) {
        if (!db.isOpen) throw new Error('the ledger is closed')
        try {
          return question(db)
        } catch (error) {
          if (db.isTransaction) db.exec('ROLLBACK')
          if (!isBusy(error) || Date.now() > deadline) throw explain(path, error)
        }
        // Random, so that many processes do not try in step.
        await sleep(Math.random() * MAX_PAUSE_MS)
      }
    },
    close: () => db.isOpen && db.close(),
  }
}

function openDatabase(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return new DatabaseSync(path, { timeout: BLOCKING_MS })
  } catch (error) {
    throw explain(path, error)
  }
}

/** SQLITE_BUSY, in any of its extended codes (https://sqlite.org/rescode.html). */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === 5
}

function explain(path: string, error: unknown): Error {
  const line = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ')
  return new Error(`the ledger in the file ${path} cannot be used: ${line}`, { cause: error })
}
