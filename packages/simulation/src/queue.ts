import { Problem, stoppingProblem } from '@dockercoins/service'

import { createPause } from './pause.ts'

export interface LineConfig {
  /** Time that each piece of work takes, in milliseconds. */
  delayMs: number
  /** Pieces of work done at a time. */
  concurrency: number
  /** How many may wait. */
  maxQueue: number
}

/** A line of requests before a counter: first come, first served. */
export interface Line {
  readonly waiting: number
  readonly serving: number
  /**
   * Waits for a place at the counter and keeps it as long as the work takes, or no time at all with `pass`. Resolves to the milliseconds spent waiting. Throws a 503 Problem
   * where the line is full or has been closed; rejects with the reason of `gone` when the client leaves.
   */
  turn(gone: AbortSignal, how?: 'work' | 'pass'): Promise<number>
  /** Sends everybody away who still waits; whoever is being served may stay. */
  close(): void
}

/** A line with `concurrency` counters. A client that goes away leaves at once, and nobody behind it notices. */
export function createLine({ delayMs, concurrency, maxQueue }: LineConfig): Line {
  // A Set keeps the order of arrival and lets anybody leave from the middle in constant time.
  const waiting = new Set<{ serve(): void; refuse(reason: unknown): void }>()
  const pause = createPause(delayMs)
  let serving = 0
  let closed = false

  async function turn(gone: AbortSignal, how = 'work'): Promise<number> {
    gone.throwIfAborted()
    if (closed) throw stoppingProblem()
    const arrived = performance.now()
    if (serving < concurrency) serving++
    else await waitForPlace(gone)
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

  function waitForPlace(gone: AbortSignal): Promise<void> {
    if (waiting.size >= maxQueue) throw full()
    return new Promise((resolve, reject) => {
      const quit = () => refuse(gone.reason)
      const refuse = (reason: unknown) => {
        waiting.delete(waiter)
        gone.removeEventListener('abort', quit)
        reject(reason instanceof Error ? reason : new Error(String(reason)))
      }
      const serve = () => {
        waiting.delete(waiter)
        gone.removeEventListener('abort', quit)
        resolve()
      }
      const waiter = { serve, refuse }
      waiting.add(waiter)
      gone.addEventListener('abort', quit)
    })
  }

  /** Whoever leaves hands the place to the next in line, so nobody who comes later can take it. */
  function leave(): void {
    const [next] = waiting
    if (next) next.serve()
    else serving--
  }

  function full(): Problem {
    // Half the time that the queue takes: whoever returned when it is empty would have left this service idle.
    const seconds = Math.floor((waiting.size * delayMs) / concurrency / 2 / 1000)
    const detail = `expected at most ${maxQueue} requests in line, and that many wait: try again in ${seconds || 'less than 1'} s`
    return new Problem(503, detail, { 'retry-after': String(seconds) })
  }

  return {
    turn,
    get waiting() {
      return waiting.size
    },
    get serving() {
      return serving
    },
    close() {
      closed = true
      for (const waiter of waiting) waiter.refuse(stoppingProblem())
    },
  }
}
