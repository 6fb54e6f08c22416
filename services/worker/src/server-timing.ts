/** Milliseconds that an upstream spent on a request: in its line, and at work. */
export interface ServerTiming {
  queueMs: number
  workMs: number
}

/**
 * Reads `queue;dur=629.1, work;dur=100.2` (Server Timing, W3C). What is absent or no number counts as 0:
 * a service written by somebody else need not send it.
 */
export function parseServerTiming(header: string | string[] | undefined): ServerTiming {
  const text = String(header ?? '')
  return { queueMs: duration(text, /\bqueue;dur=(\d+\.?\d*)/), workMs: duration(text, /\bwork;dur=(\d+\.?\d*)/) }
}

function duration(header: string, pattern: RegExp): number {
  return Number(pattern.exec(header)?.[1] ?? 0)
}
