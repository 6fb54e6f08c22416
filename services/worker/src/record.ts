import { setTimeout as sleep } from 'node:timers/promises'

import type { Entry, Ledger, Report } from '@dockercoins/ledger'
import { aborted, capLog, type Log } from '@dockercoins/service'

import { createOutage } from './outage.ts'
import { countUnit, emptyTally, toReport, type NotResponding, type Unit } from './tally.ts'

/**
 * Coins that may wait beside the entry on its way, which is never larger; then mining stops until the ledger has taken
 * some, for nothing found is dropped. Above what any speed finds while a ledger that is well takes an entry.
 */
export const MAX_PENDING_COINS = 30_000

/** So many coins are recorded before the interval is over: a ledger takes small entries faster than a full one. */
export const PROMPT_COINS = 1_000

/** How long a worker that stops tries to record an entry without hashes, in milliseconds. */
const NOTHING_LEFT_MS = 250

/** The longest backoff between two attempts of a worker that stops, in milliseconds. */
const LONGEST_LAST_BACKOFF_MS = 250

/** The newest coins that a report names, for the dashboard. */
const LATEST_COINS = 8

export interface Recorder {
  /** Counts a unit of work, and hands what is counted to the ledger once an interval, or as soon as many coins wait. */
  unitDone(unit: Unit): void
  /** Whether no further coin may be found before the ledger has taken some. */
  isFull(): boolean
  /** Resolves when it is no longer full, or the worker is to stop. */
  room(): Promise<void>
  /** Whether the ledger took the last entry. */
  isReady(): boolean
  /** Records what is left as the worker's last entry. Tries at once and then for `deadlineMs`, and resolves to the hashes that it had to give up. */
  finish(deadlineMs: number): Promise<number>
}

export interface RecorderOptions {
  ledger: Ledger
  worker: string
  hostname: string
  loops: number
  hashesPerUnit: number
  delayMs: number
  intervalMs: number
  stop: AbortSignal
  /** Told of every unit, for metrics. */
  observe: (unit: Unit, coins: number) => void
  /** The replicas that do not respond now, for the report. */
  notResponding: () => NotResponding
  log: Log
}

/** Turns units of work into entries, and sees each entry recorded exactly once however often that takes. */
export function createRecorder({
  ledger,
  worker,
  hostname,
  loops,
  hashesPerUnit,
  delayMs,
  intervalMs,
  stop,
  observe,
  notResponding,
  log,
}: RecorderOptions): Recorder {
  const expiresAfterMs = Math.ceil(3.5 * Math.max(1_000, intervalMs))
  const coinLog = capLog(log, 'coins found')
  const finishing = new AbortController()
  const giveUp = new AbortController()
  let tally = emptyTally(Date.now())
  let latestCoins: Report['latestCoins'] = []
  // Intervals are measured by the clock that nobody can set.
  let cutAt = performance.now()
  let sequence = 0
  let inHand: Entry | undefined
  let recording: Promise<void> | undefined
  const outage = createOutage({
    log,
    what: 'ledger',
    fields: { upstream: 'ledger' },
    next: 'keeping what is mined until it responds',
  })
  /** One wait that all loops share. */
  let room: Promise<void> | undefined
  let endWait: (() => void) | undefined
  stop.addEventListener('abort', () => endWait?.(), { once: true })
  let hasRecorded = false

  /** The work since the last cut, as one entry: from here on it never changes and is sent until the ledger has acknowledged it. */
  function cut(): Entry {
    const { hashes, coins, from, to } = tally
    const report = toReport(tally, notResponding(), {
      worker,
      hostname,
      loops,
      hashesPerUnit,
      delayMs,
      expiresAfterMs,
      latestCoins,
    })
    // Earlier than `to` only where the wall clock was set back.
    tally = emptyTally(Math.min(to, Date.now()))
    cutAt = performance.now()
    return { worker, sequence: ++sequence, hashes, from, to, coins, report }
  }

  async function record(entry: Entry): Promise<void> {
    inHand = entry
    const done = hashesPerUnit === 1 ? 'units of work' : 'hashes'
    if (entry.hashes > 0) {
      const fields = { hashes: entry.hashes, sequence: entry.sequence }
      log.info(fields, `${entry.hashes} ${done} done, updating hash counter`)
    }
    while (inHand) {
      try {
        await ledger.record(entry)
        inHand = undefined
      } catch (error) {
        await backOff(outage.failed(error as Error))
      }
    }
    outage.succeeded()
    hasRecorded = true
  }

  /** `finish` ends a backoff that has begun, so that the next attempt is made at once. */
  async function backOff(ms: number): Promise<void> {
    if (finishing.signal.aborted)
      await sleep(Math.min(ms, LONGEST_LAST_BACKOFF_MS), undefined, { signal: giveUp.signal })
    else await sleep(ms, undefined, { signal: finishing.signal }).catch(() => {})
  }

  async function untilRoom(): Promise<void> {
    while (isFull()) {
      recordNow()
      await recording
    }
  }

  function recordNow(): void {
    recording ??= record(cut()).finally(() => (recording = undefined))
    // Rejects only when `finish` gives up, and that counts what is left.
    recording.catch(() => {})
  }

  async function recordRest(): Promise<void> {
    await recording
    const { report: _, ...last } = cut()
    await record(last)
  }

  // Where a unit takes longer than the interval, or none comes to an end, the ledger still hears that the worker is alive.
  const heartbeat = setInterval(() => {
    if (performance.now() - cutAt >= 1.5 * intervalMs) recordNow()
  }, intervalMs)
  recordNow()

  const left = () => (inHand?.hashes ?? 0) + tally.hashes
  const isFull = () => tally.coins.length >= MAX_PENDING_COINS
  return {
    unitDone(unit) {
      const now = Date.now()
      const coins = countUnit(tally, unit, now)
      observe(unit, coins.length)
      for (const { digest } of coins) {
        latestCoins = [{ digest, at: now }, ...latestCoins.slice(0, LATEST_COINS - 1)]
        coinLog.info(() => [{ digest }, `Coin found: ${digest.slice(0, 8)}…`])
      }
      // The first unit is told at once: nobody is to wait an interval for a sign of life.
      const isFirst = sequence === 1
      if (isFirst || performance.now() - cutAt >= intervalMs || tally.coins.length >= PROMPT_COINS) recordNow()
    },
    isFull,
    room() {
      room ??= new Promise<void>((resolve) => {
        endWait = resolve
        if (stop.aborted) resolve()
        // Rejects only when `finish` gives up.
        untilRoom().then(resolve, resolve)
      }).finally(() => (room = undefined))
      return room
    },
    isReady: () => hasRecorded && !outage.isOn,
    async finish(deadlineMs) {
      clearInterval(heartbeat)
      finishing.abort()
      // An entry without hashes is worth one attempt, but no wait for a ledger that is away.
      const deadline = setTimeout(() => giveUp.abort(), left() > 0 ? deadlineMs : Math.min(deadlineMs, NOTHING_LEFT_MS))
      // It fails only when given up, and what is left is counted below.
      const recorded = recordRest().catch(() => {})
      await Promise.race([recorded, aborted(giveUp.signal)])
      clearTimeout(deadline)
      coinLog.flush()
      return left()
    },
  }
}
