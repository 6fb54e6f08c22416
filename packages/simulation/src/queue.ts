import { Problem, unavailable } from '@dockercoins/service'

import { createPause } from './pause.ts'

export interface QueueConfig {
  /** Service time of a request, in milliseconds. */
  delayMs: number
  /** Requests served at a time. */
  concurrency: number
  /** How many may wait. */
  maxQueue: number
}

export interface Queue {
  readonly waiting: number
  readonly serving: number
  /**
   * Waits until it is this request's turn and for its service time, which is none with `pass`.
   * Resolves to the milliseconds spent waiting. Rejects with a 503 Problem where the queue is full
   * or closed, and with the reason of
   * `gone` when that fires.
   */
  enter(gone: AbortSignal, how?: 'work' | 'pass'): Promise<number>
  /** Refuses all requests that wait. Those being served may finish. */
  close(): void
}

const STOPPING = 'this replica is stopping: try another'

/** A first-come, first-served queue. A client that goes away leaves it at once. */
export function createQueue({ delayMs, concurrency, maxQueue }: QueueConfig): Queue {
  // A Set keeps the order of arrival and removes from the middle in constant time.
  const waiting = new Set<{ serve(): void; refuse(reason: unknown): void }>()
  const pause = createPause(delayMs)
  let serving = 0
  let closed = false

  async function enter(gone: AbortSignal, how = 'work'): Promise<number> {
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
  }

  function waitForTurn(gone: AbortSignal): Promise<void> {
    if (waiting.size >= maxQueue) throw fullProblem()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { serve: resolve, refuse: reject }
    waiting.add(waiter)
    gone.addEventListener('abort', () => {
      waiting.delete(waiter)
      reject(gone.reason as Error)
    })
    return promise
  }

  /**
   * Hands the place to the next request in the queue, so that none that arrives later can take it.
   */
  function leave(): void {
    const [next] = waiting
    if (!next) serving--
    else {
      waiting.delete(next)
      next.serve()
    }
  }

  function fullProblem(): Problem {
    // Half the time that the queue takes: if clients came back when it is empty, this service would
    // have been idle.
    const seconds = Math.floor((waiting.size * delayMs) / concurrency / 2 / 1000)
    const detail = `expected at most ${maxQueue} waiting requests: try again in ${seconds || 'less than 1'} s`
    return new Problem(503, detail, { 'retry-after': String(seconds) })
  }

  return {
    enter,
    get waiting() {
      return waiting.size
    },
    get serving() {
      return serving
    },
    close() {
      closed = true
      for (const waiter of waiting) waiter.refuse(unavailable(STOPPING))
      waiting.clear()
    },
  }
}
