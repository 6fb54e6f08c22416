/** Milliseconds that an upstream spent on a request: in its line, and at work. */
export interface ServerTiming {
  queueMs: number
  workMs: number
  /** Requests that it serves at a time; 0 where it does not say, or has no line. */
  concurrency: number
}

/**
 * Reads `queue;dur=629.1, work;dur=100.2, concurrency;desc=1` (Server Timing, W3C). What is absent or no number counts as 0:
 * a service written by somebody else need not send it.
 */
export function parseServerTiming(header: string | string[] | undefined): ServerTiming {
  const text = String(header ?? '')
  // Without delays most answers say the same as the one before.
  if (text !== newest.text) newest = { text, timing: parse(text) }
  return newest.timing
}

function parse(text: string): ServerTiming {
  return {
    queueMs: amount(text, /\bqueue;dur=(\d+\.?\d*)/),
    workMs: amount(text, /\bwork;dur=(\d+\.?\d*)/),
    concurrency: amount(text, /\bconcurrency;desc=(\d+)/),
  }
}

/** No queue, work or concurrency is larger, in milliseconds or requests; a service may say anything. */
const MOST = 1e9

let newest = { text: '', timing: parse('') }

function amount(header: string, pattern: RegExp): number {
  return Math.min(Number(pattern.exec(header)?.[1] ?? 0), MOST)
}
