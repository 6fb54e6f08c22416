// Result codes of SQLite (https://sqlite.org/rescode.html); the low byte of an extended code is its primary code.
const BUSY = 5
const LOCKED = 6
const NOMEM = 7
const IOERR = 10
const FULL = 13
const PROTOCOL = 15

const PASSING_RESULTS = new Set([BUSY, LOCKED, NOMEM, IOERR, FULL, PROTOCOL])
/** What the system reports while the ledger's folder is created. */
const PASSING_CODES = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC'])

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return resultOf(error) === BUSY
}

/** Whether the same call may succeed later with nobody changing a setting: the file is busy, or the disk full or failing. */
export function mayPass(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return PASSING_RESULTS.has(resultOf(error)) || PASSING_CODES.has(code)
}

function resultOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) % 256 : -1
}
