import { mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** SQLite's own wait for another process's lock blocks the event loop, so it is short. */
const BLOCKING_MS = 50
/**
 * Between two tries the event loop runs. A call that has not got the lock after this time rejects.
 */
const CALL_TIMEOUT_MS = 5000
const MAX_PAUSE_MS = 50

const BUSY = 5
/** Also LOCKED, NOMEM, IOERR, FULL and PROTOCOL (https://sqlite.org/rescode.html). */
const PASSING_RESULTS = new Set([BUSY, 6, 7, 10, 13, 15])
/** Errors of the system while the ledger's folder is created. */
const PASSING_CODES = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC'])

/** SQLite keeps an open ledger in three files. */
const SUFFIXES = ['', '-wal', '-shm']

export interface File<Prepared> {
  /**
   * Runs `question` against the file. While another process holds the lock it tries again, for up
   * to 5 s.
   */
  call<T>(question: (prepared: Prepared, db: DatabaseSync) => T): Promise<T>
  close(): void
}

interface Handle<Prepared> {
  db: DatabaseSync
  prepared: Prepared
  inodes: (bigint | undefined)[]
}

/**
 * Opens or creates the file and its folder, and runs `prepare` whenever it opens the file. Throws
 * one line where waiting would not help: the file is no database, or permission is missing. A file
 * that is busy or on a full disk is opened by a later call. A file that was deleted or replaced
 * while in use makes one call reject, and the next call opens it again.
 */
export function openFile<Prepared>(path: string, prepare: (db: DatabaseSync) => Prepared): File<Prepared> {
  let handle: Handle<Prepared> | undefined
  let isClosed = false

  function use(): Handle<Prepared> {
    const change = handle && changeOf(path, handle.inodes)
    if (handle && change !== undefined) {
      letGo(path, handle)
      handle = undefined
      throw new Error(change)
    }
    return (handle ??= openHandle(path, prepare))
  }

  try {
    use()
  } catch (error) {
    if (!mayPass(error)) throw explain(path, error)
  }
  return {
    async call(question) {
      const deadline = performance.now() + CALL_TIMEOUT_MS
      for (;;) {
        if (isClosed) throw new Error('the ledger is closed')
        try {
          const { db, prepared } = use()
          return question(prepared, db)
        } catch (error) {
          if (handle?.db.isTransaction) handle.db.exec('ROLLBACK')
          if (!isBusy(error) || performance.now() > deadline) throw explain(path, error)
        }
        // Random, so that many processes do not try in step.
        await sleep(Math.random() * MAX_PAUSE_MS)
      }
    },
    close() {
      isClosed = true
      handle?.db.close()
      handle = undefined
    },
  }
}

function openHandle<Prepared>(path: string, prepare: (db: DatabaseSync) => Prepared): Handle<Prepared> {
  mkdirSync(dirname(path), { recursive: true })
  const db = new DatabaseSync(path, { timeout: BLOCKING_MS })
  try {
    return { db, prepared: prepare(db), inodes: inodesOf(path) }
  } catch (error) {
    db.close()
    throw error
  }
}

/** An inode that is open is not given to another file, so equal numbers mean the same file. */
function inodesOf(path: string): (bigint | undefined)[] {
  return SUFFIXES.map((suffix) => statSync(path + suffix, { bigint: true, throwIfNoEntry: false })?.ino)
}

function changeOf(path: string, opened: (bigint | undefined)[]): string | undefined {
  const found = inodesOf(path)
  const changed = found.findIndex((inode, i) => inode !== opened[i])
  if (changed < 0) return undefined
  const name = changed === 0 ? 'the file' : `its ${SUFFIXES[changed]} file`
  return `${name} was ${found[changed] === undefined ? 'deleted' : 'replaced'} while in use; the next call opens it again`
}

/**
 * Closes a file that is no longer at its path, or not whole, so that what is left of it does no
 * harm to the next.
 */
function letGo(path: string, { db, inodes }: Handle<unknown>): void {
  const found = inodesOf(path)
  try {
    if (found[0] !== inodes[0]) removeLeftovers(path, inodes, found)
    // The entries of a deleted -wal file are still readable here: this moves them to the file.
    else if (found[1] === undefined) db.exec('PRAGMA wal_checkpoint')
  } finally {
    db.close()
  }
}

/** SQLite would apply a -wal file that belongs to the deleted file to the one that replaced it. */
function removeLeftovers(path: string, opened: Handle<unknown>['inodes'], found: Handle<unknown>['inodes']): void {
  for (const [i, suffix] of SUFFIXES.entries()) {
    if (i > 0 && found[i] !== undefined && found[i] === opened[i]) rmSync(path + suffix, { force: true })
  }
}

/** Whether another connection holds the lock. */
function isBusy(error: unknown): boolean {
  return resultOf(error) === BUSY
}

/** Whether waiting may help: the file is busy, or the disk full or failing. */
function mayPass(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return PASSING_RESULTS.has(resultOf(error)) || PASSING_CODES.has(code)
}

/** The primary result code: the low byte of an extended one. */
function resultOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) % 256 : -1
}

function explain(path: string, error: unknown): Error {
  const line = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ')
  return new Error(`the ledger in the file ${path} cannot be used: ${line}`, { cause: error })
}
