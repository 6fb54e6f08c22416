import { aborted } from '@dockercoins/service'

import { fetchDigest } from './hasher.ts'
import type { Recorder } from './record.ts'
import { fetchRandomBytes } from './rng.ts'
import type { Upstream } from './upstream.ts'

/** Random bytes that make one unit of work. */
const UNIT_BYTES = 32

export interface Mine {
  rng: Upstream
  hasher: Upstream
  recorder: Recorder
  /** The pause before each unit; none where DELAY_MS is 0. */
  pause: ((stop: AbortSignal) => Promise<void>) | undefined
}

/** One unit of work: random bytes → digest → one more hash, and perhaps a coin. */
export async function mineOnce({ rng, hasher, recorder, pause }: Mine, stop: AbortSignal): Promise<void> {
  const began = performance.now()
  if (pause) await pause(stop)
  const pauseMs = performance.now() - began
  const bytes = await fetchRandomBytes(rng, UNIT_BYTES)
  const digest = await fetchDigest(hasher, bytes.value)
  recorder.unitDone({ pauseMs, bytes, digest })
}

/** Mines until `stop` fires, and then finishes the unit in hand, unless the upstreams are cut off. */
export async function mineUntil(stop: AbortSignal, mine: Mine): Promise<void> {
  try {
    while (!stop.aborted) {
      if (mine.recorder.isFull()) await Promise.race([mine.recorder.room(), aborted(stop)])
      else await mineOnce(mine, stop)
    }
  } catch (error) {
    if (!stop.aborted) throw error
  }
}
