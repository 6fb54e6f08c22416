import { setTimeout as sleep } from 'node:timers/promises'

import type { Tracing } from '@dockercoins/service/tracing'

import { fetchCoins } from './hasher.ts'
import type { Recorder } from './record.ts'
import { fetchRandomBytes, HASH_BYTES } from './rng.ts'
import type { Upstream } from './upstream/upstream.ts'

export interface Mine {
  rng: Upstream
  hasher: Upstream
  recorder: Recorder
  /** More than 1 with BATCH: one request to rng and one to hasher for all of them. */
  hashesPerUnit: number
  /** The pause before each unit; undefined where DELAY_MS is 0. */
  pause: ((stop: AbortSignal) => Promise<void>) | undefined
  /** Undefined where traces are off. */
  tracing?: Pick<Tracing, 'start'> | undefined
}

/** One unit of work: random bytes → digest → one more hash, and perhaps a coin. */
export async function mineOnce({ rng, hasher, recorder, hashesPerUnit, pause, tracing }: Mine, stop: AbortSignal) {
  const unit = tracing?.start('unit of work', { attributes: { 'dockercoins.hashes': hashesPerUnit } })
  try {
    const beganAt = performance.now()
    if (pause) await pause(stop)
    const pauseMs = performance.now() - beganAt
    if (pause) unit?.start('pause', { at: beganAt }).end({ at: beganAt + pauseMs })
    const bytes = await fetchRandomBytes(rng, hashesPerUnit * HASH_BYTES, unit)
    const coins = await fetchCoins(hasher, bytes.value, unit)
    // Pending while the recorder is saturated.
    await recorder.unitDone({ hashes: hashesPerUnit, pauseMs, rng: bytes, hasher: coins })
  } finally {
    unit?.end()
  }
}

/** Mines until `stop` fires, and then finishes the unit in progress unless an upstream fails it. */
export async function mineUntil(stop: AbortSignal, mine: Mine): Promise<void> {
  try {
    while (!stop.aborted) await mineOnce(mine, stop)
  } catch (error) {
    if (!stop.aborted) throw error
  }
}

/** Resolves once all loops have ended, and after `deadlineMs` at the latest. */
export async function finishUnits(loops: Promise<void>[], deadlineMs: number): Promise<void> {
  await Promise.race([Promise.all(loops), sleep(deadlineMs)])
}
