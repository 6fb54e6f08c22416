import type { ChildProcess } from 'node:child_process'

import type { Output } from './output.ts'
import type { ProcessPlan } from './plan.ts'
import { spawnService } from './spawn-service.ts'

/** A process that is started again whenever it dies, until it is stopped. */
export interface KeptProcess {
  readonly plan: ProcessPlan
  /** Absent between a death and the next start. */
  readonly pid: number | undefined
  /** Stops it, at the deadline by SIGKILL. Resolves to whether it exited in order. */
  stop(deadlineMs?: number): Promise<boolean>
  /** Kills it and all that it started. Returns whether there was anything to kill. */
  kill(): boolean
}

/** As Compose has it. */
export const STOP_DEADLINE_MS = 10_000
/** Exit code for an invalid configuration (EX_CONFIG in sysexits.h): a restart does not help. */
const MISCONFIGURED = 78
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000
/** A process that ran for so long was healthy: the pauses begin anew. */
const HEALTHY_AFTER_MS = 10_000

/** Keeps a process running, unless it rejects its configuration: that is passed on. */
export function keepRunning(plan: ProcessPlan, output: Output, onMisconfigured: () => void): KeptProcess {
  const { name, startAfterMs } = plan
  const stopping = new AbortController()
  const gone = Promise.withResolvers<boolean>()
  let child: ChildProcess | undefined
  let pauseMs = FIRST_PAUSE_MS
  /** For the next start, or to kill a process that does not exit. */
  let timer = setTimeout(start, startAfterMs)

  function start(): void {
    const startedAt = performance.now()
    const started = spawnService(plan)
    child = started
    for (const stream of [started.stdout, started.stderr]) if (stream) output.follow(name, stream)
    started.on('error', (error) => died(`could not be run (${error.message})`))
    // What it started and left behind would hold the pipes open.
    started.on('exit', () => killGroup(started))
    // By 'close' its last lines are printed, which often contain the reason.
    started.on('close', (code, signal) =>
      died(signal ? `was ended by ${signal}` : `ended with exit code ${code}`, code, signal),
    )

    function died(how: string, code: number | null = null, signal: NodeJS.Signals | null = null): void {
      if (child !== started) return
      child = undefined
      clearTimeout(timer)
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) pauseMs = FIRST_PAUSE_MS
      if (stopping.signal.aborted) {
        if (code) output.warn(`${name} ${how} while it stopped`)
        leave(!code && signal !== 'SIGKILL')
      } else if (code === MISCONFIGURED) {
        leave(false)
        onMisconfigured()
      } else {
        output.warn(`${name} ${how}: starts again in ${pauseMs / 1000} s`)
        timer = setTimeout(start, pauseMs)
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      }
    }
  }

  function leave(inOrder: boolean): void {
    stopping.abort()
    gone.resolve(inOrder)
  }

  function killLate(afterMs: number): void {
    if (kept.kill()) output.warn(`${name} did not stop within ${(afterMs / 1000).toFixed(1)} s: killed`)
  }

  const kept: KeptProcess = {
    plan,
    get pid() {
      return child?.pid
    },
    stop(deadlineMs = STOP_DEADLINE_MS) {
      if (stopping.signal.aborted) return gone.promise
      stopping.abort()
      clearTimeout(timer)
      if (!child) leave(true)
      // Not its group: a service itself ends what it started.
      child?.kill('SIGTERM')
      if (child) timer = setTimeout(killLate, deadlineMs, deadlineMs)
      return gone.promise
    },
    kill: () => child !== undefined && killGroup(child),
  }
  return kept
}

function killGroup({ pid }: ChildProcess): boolean {
  // 0 and 1 would be our own group and everybody.
  if (pid === undefined || pid <= 1) return false
  try {
    return process.kill(-pid, 'SIGKILL')
  } catch {
    return false // it has exited
  }
}
