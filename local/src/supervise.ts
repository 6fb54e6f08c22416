import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'

import { ask } from './ask.ts'
import { keepRunning, STOP_DEADLINE_MS, type KeptProcess } from './keep-running.ts'
import { LocalError } from './options.ts'
import type { Output } from './output.ts'
import type { ProcessPlan } from './plan.ts'
import type { ServiceName } from './spawn-service.ts'

/** All processes of one copy of the application. */
export type Supervisor = ReturnType<typeof supervise>

/**
 * 0: all stopped in order; 130: killed on request; 1: one rejected its configuration, failed while
 * it stopped or was killed.
 */
export type ExitCode = 0 | 1 | 130

/** After this part of the deadline the others stop although workers run. A worker needs less. */
const WORKERS_FIRST = 0.7

/** Runs `plans` until it is stopped, and logs what it does. */
export function supervise(plans: ProcessPlan[], output: Output, stopDeadlineMs = STOP_DEADLINE_MS) {
  /** Resolves when no process is left. */
  const ended = Promise.withResolvers<ExitCode>()
  const stopping = new AbortController()
  const waiting = new Set<string>()
  let kept: KeptProcess[] = []
  let exitCode: ExitCode = 0
  let failure = 'stopped before everything was ready'
  /** Rejects with LocalError when the processes are stopped before all of them can serve. */
  const ready = start(plans)
  ready.catch(() => {}) // `ended` reports it too

  async function start(some: ProcessPlan[]): Promise<void> {
    some.forEach(run)
    await Promise.all(some.map(untilReady))
    if (stopping.signal.aborted) throw new LocalError(failure)
  }

  function run(plan: ProcessPlan): void {
    if (!stopping.signal.aborted) kept.push(keepRunning(plan, output, () => giveUp(plan.name)))
  }

  /** Resolves when the process responds, and when it is not to run any more. */
  async function untilReady({ name, url }: ProcessPlan): Promise<void> {
    const { signal } = stopping
    waiting.add(name)
    // The pauses grow, so that the questions to a hundred processes do not delay them.
    for (let waitMs = 50; isKept(name) && !signal.aborted; waitMs = Math.min(waitMs * 1.1, 500)) {
      if ((await ask(`${url}/readyz`, signal)) !== undefined) break
      await sleep(waitMs, undefined, { signal }).catch(() => {})
    }
    if (!signal.aborted) waiting.delete(name)
  }

  function isKept(name: string): boolean {
    return kept.some(({ plan }) => plan.name === name)
  }

  function giveUp(name: string): void {
    if (stopping.signal.aborted) return
    exitCode = 1
    failure = `${name} rejected its configuration`
    output.warn(`${failure}: correct what its line above names`)
    void stop()
  }

  /**
   * Starts, restarts and stops processes until those of `next` run, by these plans, and no others.
   * Servers start before the workers that use them and stop after them, so that no request fails.
   * Workers whose addresses change restart one after the other: each records its hashes first.
   */
  async function change(next: ProcessPlan[]): Promise<void> {
    const wanted = new Map(next.map((plan) => [plan.name, plan]))
    const added = next.filter(({ name }) => !isKept(name))
    await start(added.filter((plan) => !isWorker(plan)))
    added.filter(isWorker).forEach(run)
    const removed = kept.filter(({ plan }) => !wanted.has(plan.name))
    await Promise.all(removed.filter(({ plan }) => isWorker(plan)).map((process) => replace(process)))
    const isStale = ({ plan }: KeptProcess) => !isDeepStrictEqual(plan.env, (wanted.get(plan.name) ?? plan).env)
    for (let stale = kept.find(isStale); stale && !stopping.signal.aborted; stale = kept.find(isStale)) {
      await replace(stale, wanted.get(stale.plan.name))
    }
    await Promise.all(removed.map((process) => replace(process)))
    if (stopping.signal.aborted) throw new LocalError('the application is stopping')
  }

  /** Stops a process, and then runs `plan`, if there is one. */
  async function replace(process: KeptProcess, plan?: ProcessPlan): Promise<void> {
    await process.stop()
    // It may have been replaced meanwhile.
    if (stopping.signal.aborted || !kept.includes(process)) return
    kept = kept.filter((other) => other !== process)
    if (plan) run(plan)
  }

  /** Stops all processes, and kills those that run for 10 s more. Nothing is started any more. */
  async function stop(): Promise<void> {
    if (stopping.signal.aborted) return
    stopping.abort()
    const names = describe(kept.map(({ plan }) => plan))
    const began = performance.now()
    const elapsedMs = () => performance.now() - began
    output.info(`Stopping ${names} (^C again kills them)`)
    // Workers first, as in Compose: they finish their units. A worker that hangs delays itself
    // alone.
    const workers = kept.filter(({ plan }) => isWorker(plan)).map((process) => process.stop(stopDeadlineMs))
    await Promise.race([Promise.all(workers), sleep(WORKERS_FIRST * stopDeadlineMs, undefined, { ref: false })])
    // Not less than planned: on a busy machine the timer above fires late.
    const restMs = Math.max((1 - WORKERS_FIRST) * stopDeadlineMs, stopDeadlineMs - elapsedMs())
    const inOrder = await Promise.all(kept.map((process) => process.stop(restMs)))
    if (inOrder.includes(false)) exitCode ||= 1
    output.info(`Stopped ${names} in ${(elapsedMs() / 1000).toFixed(1)} s`)
    ended.resolve(exitCode)
  }

  function kill(): void {
    exitCode = 130
    void stop()
    for (const process of kept) {
      void process.stop() // else it would be started again
      if (process.kill()) output.warn(`${process.plan.name} was still running: killed`)
    }
  }

  /** Restarts every process of these services; the others go on. */
  function restart(services: ServiceName[]): void {
    for (const process of kept) if (services.includes(process.plan.service)) void replace(process, process.plan)
  }

  return {
    ready,
    ended: ended.promise,
    /** Names of those that cannot serve yet. */
    waitingFor: () => [...waiting],
    plans: () => kept.map(({ plan }) => plan),
    /** Process ids of those that run, by name. */
    pids: (): Record<string, number> =>
      Object.fromEntries(kept.flatMap(({ plan, pid }) => (pid === undefined ? [] : [[plan.name, pid]]))),
    restart,
    change,
    stop: () => void stop(),
    kill,
  }
}

function isWorker({ service }: ProcessPlan): boolean {
  return service === 'worker'
}

/** Processes per service. */
export function countOf(processes: ProcessPlan[]): Record<ServiceName, number> {
  const count = (name: ServiceName) => processes.filter(({ service }) => service === name).length
  return { webui: count('webui'), rng: count('rng'), hasher: count('hasher'), worker: count('worker') }
}

/** "webui, rng ×3, hasher, worker ×10" */
export function describe(plans: ProcessPlan[]): string {
  const counts = Object.entries(countOf(plans)).filter(([, count]) => count > 0)
  return counts.map(([service, count]) => (count > 1 ? `${service} ×${count}` : service)).join(', ')
}
