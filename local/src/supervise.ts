import { setTimeout as sleep } from 'node:timers/promises'

import { keepRunning, type KeptProcess } from './keep-running.ts'
import { LocalError } from './local-error.ts'
import type { ServiceName } from './options.ts'
import type { Output } from './output.ts'
import type { ProcessPlan } from './plan.ts'

/** All processes of one copy of the application. */
export interface Supervisor {
  /** Resolves when every process is able to serve; rejects with LocalError when they were stopped before that. */
  ready: Promise<void>
  /** Names of those that are not able to serve yet. */
  waitingFor(): string[]
  /** Process ids of those alive, by name. */
  pids(): Record<string, number>
  /** Has every process of these services leave and start again; the others go on. */
  restart(services: ServiceName[]): void
  /** Asks all processes to leave, and ends those that have not within 10 s. Nothing is started any more. */
  stop(): void
  /** Ends all processes at once. */
  kill(): void
  /** Resolves when no process is left, to the exit code that says how that came about. */
  ended: Promise<ExitCode>
}

/** 0: all left when asked; 1: one refused its configuration, failed while it stopped or had to be killed; 130: killed on request. */
export type ExitCode = 0 | 1 | 130

/** As Compose has it. */
const STOP_DEADLINE_MS = 10_000
/** The part of the deadline that workers have before the others are asked too. It is longer than a worker needs. */
const WORKERS_FIRST = 0.7

/** Runs `plans` until told to stop, and says what stops when and how. */
export function supervise(plans: ProcessPlan[], output: Output, stopDeadlineMs = STOP_DEADLINE_MS): Supervisor {
  const names = describe(plans)
  let exitCode: ExitCode = 0
  let failure = 'stopped before everything was ready'
  let stoppedAt: number | undefined
  let deadline: NodeJS.Timeout | undefined
  const waiting = new Set(plans.map(({ name }) => name))
  const kept = plans.map((plan) => keepRunning(plan, output, giveUp))
  const ready = awaitAllReady()
  ready.catch(() => {}) // `ended` says it too, so that nobody is obliged to wait for this one

  return { ready, waitingFor: () => [...waiting], pids, restart, stop, kill, ended: awaitEnd() }

  async function awaitAllReady(): Promise<void> {
    const all = await Promise.all(kept.map(awaitReady))
    if (all.includes(false)) throw new LocalError(failure)
  }

  async function awaitReady({ name, ready: one }: KeptProcess): Promise<boolean> {
    const isReady = await one
    if (isReady) waiting.delete(name)
    return isReady
  }

  async function awaitEnd(): Promise<ExitCode> {
    const leftWell = await Promise.all(kept.map(({ gone }) => gone))
    if (exitCode === 0 && leftWell.includes(false)) exitCode = 1
    clearTimeout(deadline)
    output.say(`Stopped ${names} in ${seconds(performance.now() - (stoppedAt ?? 0))}`)
    return exitCode
  }

  function pids(): Record<string, number> {
    const alive: Record<string, number> = {}
    for (const process of kept) {
      const pid = process.pid()
      if (pid !== undefined) alive[process.name] = pid
    }
    return alive
  }

  function restart(services: ServiceName[]): void {
    for (const [index, process] of kept.entries()) {
      if (services.some((service) => service === plans[index]?.service)) process.restart()
    }
  }

  function giveUp(name: string): void {
    if (stoppedAt !== undefined) return
    exitCode = 1
    failure = `${name} refused its configuration`
    output.say(`${failure}: put right what it says above`)
    stop()
  }

  function stop(): void {
    if (stoppedAt !== undefined) return
    stoppedAt = performance.now()
    output.say(`Stopping ${names} (^C again ends them at once)`)
    deadline = setTimeout(() => {
      exitCode = 1
      killRest(`did not stop within ${seconds(stopDeadlineMs)}`)
    }, stopDeadlineMs)
    void stopInOrder()
  }

  /** Workers first, as Compose does it, so that they can finish their units. A worker that hangs does not keep the others. */
  async function stopInOrder(): Promise<void> {
    const workers = kept.filter((_, index) => plans[index]?.service === 'worker')
    for (const process of workers) process.stop()
    const tooLong = sleep(WORKERS_FIRST * stopDeadlineMs, undefined, { ref: false })
    await Promise.race([Promise.all(workers.map(({ gone }) => gone)), tooLong])
    for (const process of kept) process.stop()
  }

  function kill(): void {
    exitCode = 130
    stop()
    killRest('was still running')
  }

  function killRest(why: string): void {
    for (const process of kept) {
      // Or it would be started again.
      process.stop()
      if (process.kill()) output.say(`${process.name} ${why}: killed`)
    }
  }
}

/** "webui, rng ×3, hasher, worker ×10" */
function describe(plans: ProcessPlan[]): string {
  const services = Map.groupBy(plans, ({ service }) => service)
  return [...services].map(([service, all]) => (all.length > 1 ? `${service} ×${all.length}` : service)).join(', ')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
