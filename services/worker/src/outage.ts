import type { Log } from '@dockercoins/service'

const FIRST_MS = 100
const LONGEST_MS = 2_000

/** Milliseconds to wait after so many failures in a row: doubling to a limit, and jittered so that many do not return at once. */
export function backoffMs(failures: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1))
  return longest * (0.5 + Math.random() / 2)
}

/** Something that fails for a while: logged once when it begins and once when it ends. */
export interface Outage {
  readonly isOn: boolean
  /** Counts a failure. Returns the milliseconds to wait before the next try. */
  failed(error: Error): number
  /** Counts a success, which ends the outage. */
  succeeded(): void
}

export interface OutageOptions {
  log: Log
  /** What fails, as a line names it. */
  what: string
  /** Structured fields of both lines. */
  fields: Record<string, unknown>
  /** What the line says once `what` is lost; by default, that it is. */
  lost?: string
  /** The end of the line: what happens now. */
  next?: string
}

/** An outage of `what`. What never succeeded is not lost: the line says that it is waited for. */
export function createOutage({ log, what, fields, lost = 'is lost', next = 'trying again' }: OutageOptions): Outage {
  let failures = 0
  let began = 0
  let wasReached = false
  return {
    get isOn() {
      return failures > 0
    },
    failed(error) {
      if (++failures === 1) {
        began = performance.now()
        const why = error.message || (error as NodeJS.ErrnoException).code || error.name
        const limit = isOwnLimit(error) ? `${OWN_LIMIT}: ` : ''
        const line = wasReached || lost !== 'is lost' ? `${what} ${lost}` : `waiting for ${what}`
        log.warn(fields, `${line}: ${limit}${why}; ${next}`)
      }
      return backoffMs(failures)
    },
    succeeded() {
      if (failures > 0) {
        const seconds = ((performance.now() - began) / 1000).toFixed(1)
        log.info(fields, `${what} ${wasReached ? 'recovered' : 'responded'} after ${seconds} s`)
      }
      failures = 0
      wasReached = true
    },
  }
}

const OWN_LIMIT = 'this process or machine is at its own limit, raise `ulimit -n` or lower LOOPS'
const ownLimits = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])

/** Whether no connection could be opened for want of files, memory or ports on this side: no fault of the other. */
export function isOwnLimit(error: Error): boolean {
  return ownLimits.has((error as NodeJS.ErrnoException).code ?? '')
}
