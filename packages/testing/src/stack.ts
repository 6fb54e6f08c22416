/** One copy of the application, with its ledger in Redis. It is removed when the test ends. */
export interface Stack {
  urls: Record<'webui' | 'rng' | 'hasher', string>
  /** Stops every process of `part`. Resolves when they have exited. */
  stop(part: Part, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /**
   * Starts what was stopped, at the same addresses, with the same data. Resolves when it listens.
   */
  start(part: Part): Promise<void>
  /** All lines that the processes of `part` have printed. */
  lines(part: Exclude<Part, 'redis'>): Promise<string[]>
  /** What the audit command prints about the ledger. Rejects unless it is sound. */
  audit(): Promise<string>
}

export type Part = 'worker' | 'rng' | 'hasher' | 'webui' | 'redis'

export interface StackOptions {
  /** Processes of each service; 1 when absent. */
  scale?: { worker?: number; rng?: number; hasher?: number }
  /** Variables for all services. */
  env?: Record<string, string>
}
