import { setTimeout as sleep } from 'node:timers/promises'

import { fetchDigest, fetchDigests } from './hasher.ts'
import type { Recorder } from './record.ts'
import { fetchRandomBytes } from './rng.ts'
import { HASH_BYTES } from './tally.ts'
import type { Upstream } from './upstream/upstream.ts'

export interface Mine {
  rng: Upstream
  hasher: Upstream
  recorder: Recorder
  /** 1, or more to make as many with one request to each. */
  hashesPerUnit: number
  /** The pause before each unit; none where DELAY_MS is 0. */
  pause: ((stop: AbortSignal) => Promise<void>) | undefined
}

/** One unit of work: random bytes → digest → one more hash, and perhaps a coin; in a batch, several of each. */
export async function mineOnce(
  { rng, hasher, recorder, hashesPerUnit, pause }: Mine,
  stop: AbortSignal,
): Promise<void> {
  const pauseMs = pause ? await timed(pause(stop)) : 0
  const bytes = await fetchRandomBytes(rng, hashesPerUnit * HASH_BYTES)
  const digests = await (hashesPerUnit === 1
    ? fetchDigest(hasher, bytes.value)
    : fetchDigests(hasher, bytes.value, hashesPerUnit))
  recorder.unitDone({ pauseMs, bytes, digests })
}

/** Mines until `stop` fires, and then finishes the unit in hand, unless the upstreams are cut off. */
export async function mineUntil(stop: AbortSignal, mine: Mine): Promise<void> {
  try {
    while (!stop.aborted) {
      if (mine.recorder.isFull()) await mine.recorder.room()
      else await mineOnce(mine, stop)
    }
  } catch (error) {
    if (!stop.aborted) throw error
  }
}

/** Resolves once all loops have ended, and after `deadlineMs` at the latest, whatever a loop waits for. */
export async function finishUnits(loops: Promise<void>[], deadlineMs: number): Promise<void> {
  const deadline = new AbortController()
  const tooLong = sleep(deadlineMs, undefined, { signal: deadline.signal }).catch(() => {})
  await Promise.race([Promise.all(loops), tooLong])
  deadline.abort()
}

async function timed(pause: Promise<void>): Promise<number> {
  const began = performance.now()
  await pause
  return performance.now() - began
}
