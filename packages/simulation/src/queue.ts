import { Problem, STOPPING, unavailable } from '@dockercoins/service'

import { createPause } from './pause.ts'

export interface QueueConfig {
  /** Service time of a request, in milliseconds. */
  delayMs: number
  /** Requests served at a time. */
  concurrency: number
  /** How many may wait. */
  maxQueue: number
}

/** A first-come, first-served queue. A client that goes away leaves it at once. */
export function createQueue(config: QueueConfig) {
  const { concurrency, maxQueue } = config
  // A Set keeps the order of arrival and removes from the middle in constant time.
  const waiting = new Set<PromiseWithResolvers<void>>()
  const pause = createPause(config)
  let serving = 0
  let closed = false

  async function waitForTurn(gone: AbortSignal): Promise<void> {
    if (waiting.size >= maxQueue) throw fullProblem()
    const turn = Promise.withResolvers<void>()
    waiting.add(turn)
    gone.addEventListener('abort', () => {
      waiting.delete(turn)
      turn.reject(gone.reason)
    })
    await turn.promise
  }

  /** Hands the place to the next request in the queue, before any that arrives later. */
  function leave(): void {
    const [next] = waiting
    if (!next) serving--
    else {
      waiting.delete(next)
      next.resolve()
    }
  }

  function fullProblem(): Problem {
    // Half the time that the queue takes: if clients came back when it is empty, this service would
    // have been idle.
    const seconds = Math.floor((waiting.size * config.delayMs) / concurrency / 2 / 1000)
    const detail = `expected at most ${maxQueue} waiting requests: try again in ${seconds || 'less than 1'} s`
    return new Problem(503, detail, { 'retry-after': String(seconds) })
  }

  return {
    /**
     * Waits for this request's turn and for its service time, which is none with `pass`. Resolves to
     * the milliseconds spent waiting. Rejects with a 503 Problem where the queue is full or closed,
     * and with the reason of `gone` when that fires.
     */
    async enter(gone: AbortSignal, how: 'work' | 'pass' = 'work'): Promise<number> {
      gone.throwIfAborted()
      if (closed) throw unavailable(STOPPING)
      const arrived = performance.now()
      if (serving < concurrency) serving++
      else await waitForTurn(gone)
      const queueMs = performance.now() - arrived
      try {
        if (how === 'work') await pause(gone)
      } catch (error) {
        throw gone.aborted ? gone.reason : error
      } finally {
        leave()
      }
      return queueMs
    },
    get waiting() {
      return waiting.size
    },
    get serving() {
      return serving
    },
    /** Refuses all requests that wait. Those being served may finish. */
    close() {
      closed = true
      for (const turn of waiting) turn.reject(unavailable(STOPPING))
      waiting.clear()
    },
  }
}
