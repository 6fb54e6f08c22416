import type { Log } from '@dockercoins/service'

const MIN_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 2_000

/** Milliseconds to wait after so many failures in a row: exponential backoff with jitter. */
export function backoffMs(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** (failures - 1)) * (0.5 + Math.random() / 2)
}

export interface OutageOptions {
  /** What fails, as the log lines name it. */
  what: string
  fields: Record<string, unknown>
  /** The first line; by default `what` "is lost", or is waited for before its first success. */
  problem?: string
  /** The end of the first line. */
  next?: string
  /** A success ends the outage only so long after the last failure, in milliseconds. */
  calmMs?: number
}

/** Something that fails for a while: logged once when it begins and once when it ends. */
export function createOutage(log: Log, options: OutageOptions) {
  const { what, fields, problem, next = 'trying again', calmMs = 0 } = options
  let failures = 0
  let beganAt = 0
  let failedAt = 0
  let hasSucceeded = false
  return {
    get isOn() {
      return failures > 0
    },
    /** Counts a failure. Returns the backoff in milliseconds. */
    failed(error: Error): number {
      failedAt = performance.now()
      if (++failures === 1) {
        beganAt = failedAt
        // Services start in any order, so a neighbour that is not there yet is no reason to warn.
        const level = problem !== undefined || hasSucceeded ? 'warn' : 'info'
        const line = problem ?? (hasSucceeded ? `${what} is lost` : `waiting for ${what}`)
        log[level](fields, `${line}: ${reasonOf(error)}; ${next}`)
      }
      return backoffMs(failures)
    },
    /** Ends the outage. */
    succeeded(): void {
      if (failures > 0) {
        const now = performance.now()
        if (now - failedAt < calmMs) return
        const seconds = ((now - beganAt) / 1000).toFixed(1)
        log.info(fields, `${what} ${hasSucceeded ? 'recovered' : 'responded'} after ${seconds} s`)
      }
      failures = 0
      hasSucceeded = true
    },
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  // Node ends some messages with a local address that it does not know.
  const reason = error.message.replace(/ - Local \(undefined:undefined\)$/, '') || error.code || error.name
  if (!isOwnLimit(error)) return reason
  return `this process or machine is at its own limit, raise \`ulimit -n\` or lower LOOPS: ${reason}`
}

const ownLimits = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

/** Whether a connection failed because this side has no files or memory left. */
export function isOwnLimit({ code = '' }: NodeJS.ErrnoException): boolean {
  return ownLimits.has(code)
}
