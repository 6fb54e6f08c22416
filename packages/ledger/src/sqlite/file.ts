import { mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** SQLite's own wait for another process's lock blocks the event loop, so it is short. */
const BLOCKING_MS = 50
/** Between two attempts the event loop runs. A call without the lock after this time rejects. */
const CALL_TIMEOUT_MS = 5000
const MAX_PAUSE_MS = 50

const BUSY = 5
/** Results of SQLite: also LOCKED, NOMEM, IOERR, FULL and PROTOCOL (https://sqlite.org/rescode.html). */
const TEMPORARY_RESULTS = new Set([BUSY, 6, 7, 10, 13, 15])
/** Errors of the system while the ledger's folder is created. */
const TEMPORARY_CODES = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC'])

/** SQLite keeps an open ledger in three files. */
const SUFFIXES = ['', '-wal', '-shm']

/**
 * Opens or creates the file and its folder, and runs `prepare` whenever it opens the file. Throws
 * one line where waiting would not help: the file is no database, or permission is missing. A file
 * that is busy or on a full disk is opened by a later call. A file that was deleted or replaced
 * while in use makes one call reject, and the next call opens it again.
 */
export function openFile<Prepared>(path: string, prepare: (db: DatabaseSync) => Prepared) {
  let handle: { db: DatabaseSync; prepared: Prepared; inodes: bigint[] } | undefined
  let isClosed = false

  function open() {
    mkdirSync(dirname(path), { recursive: true })
    const db = new DatabaseSync(path, { timeout: BLOCKING_MS })
    try {
      return { db, prepared: prepare(db), inodes: inodesOf(path) }
    } catch (error) {
      db.close()
      throw error
    }
  }

  function use(): Prepared {
    const { db, prepared, inodes } = (handle ??= open())
    const found = inodesOf(path)
    const changed = SUFFIXES.findIndex((_, i) => found[i] !== inodes[i])
    if (changed < 0) return prepared
    handle = undefined
    letGo(path, db, inodes, found)
    const name = changed === 0 ? 'the file' : `its ${SUFFIXES[changed]} file`
    const what = found[changed] === MISSING ? 'deleted' : 'replaced'
    throw new Error(`${name} was ${what} while in use; the next call opens it again`)
  }

  try {
    use()
  } catch (error) {
    if (!isTemporary(error)) throw explain(path, error)
  }
  return {
    /** Runs `question`. While another process holds the lock it tries again, for up to 5 s. */
    async call<T>(question: (prepared: Prepared) => T): Promise<T> {
      const deadline = performance.now() + CALL_TIMEOUT_MS
      for (;;) {
        if (isClosed) throw new Error('the ledger is closed')
        try {
          return question(use())
        } catch (error) {
          if (handle?.db.isTransaction) handle.db.exec('ROLLBACK')
          if (resultOf(error) !== BUSY || performance.now() > deadline) throw explain(path, error)
        }
        // Random, so that many processes do not try in step.
        await sleep(Math.random() * MAX_PAUSE_MS)
      }
    },
    close(): void {
      isClosed = true
      handle?.db.close()
      handle = undefined
    },
  }
}

const MISSING = -1n

/** An inode that is open is not given to another file, so equal numbers mean the same file. */
function inodesOf(path: string): bigint[] {
  return SUFFIXES.map((suffix) => statSync(path + suffix, { bigint: true, throwIfNoEntry: false })?.ino ?? MISSING)
}

/** Closes a file that is no longer at its path, or not whole, so that it does no harm to the next. */
function letGo(path: string, db: DatabaseSync, opened: bigint[], found: bigint[]): void {
  const isSame = (i: number) => found[i] === opened[i]
  try {
    // The entries of a deleted -wal file are still readable here: this moves them to the file.
    if (isSame(0) && found[1] === MISSING) db.exec('PRAGMA wal_checkpoint')
    // SQLite would apply a -wal file that belongs to the deleted file to the one that replaced it.
    if (!isSame(0)) for (const i of [1, 2].filter(isSame)) rmSync(`${path}${SUFFIXES[i]}`, { force: true })
  } finally {
    db.close()
  }
}

/** Whether waiting may help: the file is busy, or the disk full or failing. */
function isTemporary(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return TEMPORARY_RESULTS.has(resultOf(error)) || TEMPORARY_CODES.has(code)
}

/** The primary result code of SQLite: the low byte of an extended one. */
function resultOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) % 256 : -1
}

function explain(path: string, error: unknown): Error {
  const line = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ')
  return new Error(`the ledger in the file ${path} cannot be used: ${line}`, { cause: error })
}
