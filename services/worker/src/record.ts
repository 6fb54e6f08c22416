import { setTimeout as sleep } from 'node:timers/promises'

import type { Entry, Ledger, Report } from '@dockercoins/ledger'
import { aborted, capLog, type Log } from '@dockercoins/service'
import type { Tracing } from '@dockercoins/service/tracing'

import { createOutage } from './outage.ts'
import { countUnit, emptyTally, shownForMs, toReport, type Tally, type Unit } from './tally.ts'
import type { Health } from './upstream/upstream.ts'

/** With so many coins beside the entry in progress, mining stops until some are recorded. */
export const MAX_PENDING_COINS = 30_000
/** So many coins are recorded before the interval is over: a ledger takes small entries faster. */
export const PROMPT_COINS = 1_000
/** The longest backoff of a worker that stops, and its timeout for an entry without hashes. */
const LAST_BACKOFF_MS = 250
/** The most coins in a report. */
const LATEST_COINS = 8

export type Recorder = ReturnType<typeof createRecorder>

export interface RecorderOptions {
  /** What the worker reports of itself. */
  self: Pick<Report, 'worker' | 'hostname' | 'revision' | 'loops' | 'hashesPerUnit' | 'delayMs'>
  ledger: Ledger
  intervalMs: number
  /** Called for every unit, for metrics. */
  observe: (unit: Unit) => void
  health: () => Record<'rng' | 'hasher', Health>
  log: Log
  /** Undefined where traces are off. */
  tracing?: Pick<Tracing, 'start'> | undefined
}

/** Turns units of work into entries, and records each entry exactly once. */
export function createRecorder({ self, ledger, intervalMs, observe, health, log, tracing }: RecorderOptions) {
  const expiresAfterMs = Math.ceil(3.5 * Math.max(1_000, intervalMs))
  const coinLog = capLog(log, 'coins found')
  const next = 'keeping what is mined until it responds'
  const outage = createOutage(log, { what: 'ledger', fields: { upstream: 'ledger' }, next })
  const finishing = new AbortController()
  const deadline = new AbortController()
  let tally = emptyTally(Date.now())
  /** The last tally with a unit, and when it was cut. */
  let lastWork: { tally: Tally; at: number } | undefined
  /** Newest first. `foundAt` is by the monotonic clock. */
  let latestCoins: { digest: string; at: number; foundAt: number }[] = []
  // Intervals are measured with the monotonic clock.
  let cutAt = performance.now()
  let sequence = 0
  let inProgress: Entry | undefined
  let recording: Promise<void> | undefined
  let draining: Promise<void> | undefined
  let hasRecorded = false

  /** The units since the last entry, as an entry. It does not change until it is recorded. */
  function cut(): Entry {
    const { hashes, coins, from, to } = tally
    const now = performance.now()
    if (hashes > 0) lastWork = { tally: { ...tally, coins: [] }, at: now }
    const isRecent = lastWork && now - lastWork.at < shownForMs(lastWork.tally, self.hashesPerUnit)
    const repeated = hashes === 0 && isRecent ? lastWork?.tally : undefined
    const isRepeated = repeated !== undefined
    // After an outage the entry covers more than `expiresAfterMs`.
    const since = Math.min(cutAt, now - expiresAfterMs)
    latestCoins = latestCoins.filter(({ foundAt }) => foundAt >= since)
    const report = toReport(repeated ?? tally, health(), {
      ...self,
      expiresAfterMs,
      isRepeated,
      latestCoins: latestCoins.map(({ digest, at }) => ({ digest, at })),
    })
    // Earlier than `to` only if the wall clock was set back.
    tally = emptyTally(Math.min(to, Date.now()))
    // The interval after the first unit is shorter by a random share, so that workers that start
    // together do not record together, and no entry waits for those of all others.
    cutAt = performance.now() - (sequence === 1 ? Math.random() * intervalMs : 0)
    return { worker: self.worker, sequence: ++sequence, hashes, from, to, coins, report }
  }

  /** Sends the entry until the ledger has acknowledged it. Rejects at the deadline of `finish`. */
  async function record(entry: Entry): Promise<void> {
    inProgress = entry
    const { hashes } = entry
    const units = self.hashesPerUnit === 1 ? 'units of work' : 'hashes'
    if (hashes > 0) log.info({ hashes, sequence: entry.sequence }, `${hashes} ${units} done, updating hash counter`)
    const span = tracing?.start('record entry', {
      attributes: {
        'dockercoins.hashes': hashes,
        'dockercoins.coins': entry.coins.length,
        'dockercoins.sequence': entry.sequence,
      },
    })
    while (inProgress) {
      try {
        await ledger.record(entry)
        inProgress = undefined
      } catch (error) {
        // The worker gave up and closed the ledger, which is no outage.
        if (deadline.signal.aborted) throw error
        await backOff(outage.failed(error as Error))
      }
    }
    span?.end()
    outage.succeeded()
    hasRecorded = true
  }

  async function backOff(ms: number): Promise<void> {
    if (finishing.signal.aborted) await sleep(Math.min(ms, LAST_BACKOFF_MS), undefined, { signal: deadline.signal })
    else await sleep(ms, undefined, { signal: finishing.signal }).catch(() => {})
  }

  function recordNow(): void {
    recording ??= record(cut()).finally(() => (recording = undefined))
    // It rejects only at the deadline, and `finish` counts the rest.
    recording.catch(() => {})
  }

  async function recordRest(): Promise<void> {
    await recording
    const { report: _, ...last } = cut()
    await record(last)
  }

  async function drain(): Promise<void> {
    while (isSaturated()) {
      recordNow()
      await recording
    }
  }

  const isSaturated = () => tally.coins.length >= MAX_PENDING_COINS
  const unrecorded = () => (inProgress?.hashes ?? 0) + tally.hashes

  // Reports that the worker is running, also where a unit takes longer than the interval.
  const heartbeat = setInterval(() => {
    if (performance.now() - cutAt >= 1.5 * intervalMs) recordNow()
  }, intervalMs)
  recordNow()

  return {
    /**
     * Counts a unit. Records it at the end of the interval, or once enough coins are pending. The
     * next unit may begin once the promise, if there is one, has resolved: all loops share that
     * wait.
     */
    unitDone(unit: Unit): Promise<void> | undefined {
      const now = Date.now()
      countUnit(tally, unit, now)
      observe(unit)
      for (const { digest } of unit.hasher.value) {
        const coin = { digest, at: now, foundAt: performance.now() }
        latestCoins = [coin, ...latestCoins.slice(0, LATEST_COINS - 1)]
        coinLog.info(() => [{ digest }, `Coin found: ${digest.slice(0, 8)}…`])
      }
      // The first unit is recorded at once, so that the page shows it within a second.
      const isDue = sequence === 1 || performance.now() - cutAt >= intervalMs
      if (isDue || tally.coins.length >= PROMPT_COINS) recordNow()
      if (isSaturated()) draining ??= drain().finally(() => (draining = undefined))
      return draining
    },
    /** Whether the ledger has recorded the last entry. */
    isReady: () => hasRecorded && !outage.isOn,
    /** Records the rest until the deadline. Resolves to the hashes that are not recorded. */
    async finish(deadlineMs: number): Promise<number> {
      clearInterval(heartbeat)
      finishing.abort()
      const ms = unrecorded() > 0 ? deadlineMs : Math.min(deadlineMs, LAST_BACKOFF_MS)
      const timer = setTimeout(() => deadline.abort(), ms)
      await Promise.race([recordRest().catch(() => {}), aborted(deadline.signal)])
      clearTimeout(timer)
      coinLog.flush()
      return unrecorded()
    },
  }
}
