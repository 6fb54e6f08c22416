// Without simulated delays most responses have the Server-Timing of the one before. Parsing it
// takes 0.8 µs, a fortieth of all that the worker does for a unit of work, so the newest is kept.

/** What the header Server-Timing contains: the time in the queue and the service time. */
export interface ServerTiming {
  queueMs: number
  workMs: number
  /** Requests that the replica serves at a time; 0 where it does not say. */
  concurrency: number
  /** A fault on purpose, such as "errors 10 %"; empty if there is none. */
  fault: string
}

const MAX_CONCURRENCY = 1e9

let newest = { text: '', timing: parse('') }

/**
 * Parses `queue;dur=629.1, work;dur=100.2, concurrency;desc=1` (Server Timing, W3C). A missing or
 * invalid part counts as 0. Together the times are at most `elapsedMs`, the time of the request.
 */
export function parseServerTiming(header: string | string[] | undefined, elapsedMs: number): ServerTiming {
  const text = String(header ?? '')
  if (text !== newest.text) newest = { text, timing: parse(text) }
  const { queueMs, workMs, concurrency, fault } = newest.timing
  const queue = Math.min(queueMs, elapsedMs)
  return { queueMs: queue, workMs: Math.min(workMs, elapsedMs - queue), concurrency, fault }
}

function parse(text: string): ServerTiming {
  return {
    queueMs: numberIn(text, /\bqueue;dur=(\d+\.?\d*)/),
    workMs: numberIn(text, /\bwork;dur=(\d+\.?\d*)/),
    concurrency: Math.min(MAX_CONCURRENCY, numberIn(text, /\bconcurrency;desc=(\d+)/)),
    fault: /\bfault;desc="([^"]{1,100})"/.exec(text)?.[1] ?? '',
  }
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0)
}
