import type { Writable } from 'node:stream'

import { listenForScale } from './control.ts'
import type { LocalOptions, Scale } from './options.ts'
import { createOutput, isTerminal, type Output } from './output.ts'
import { planLocal, urlsOf, type ProcessPlan } from './plan.ts'
import { checkPorts, prepareFolder } from './prepare.ts'
import { reportReady, showStatus } from './report.ts'
import { repository, serviceNames, type ServiceName } from './spawn-service.ts'
import { describe, supervise, type ExitCode, type Supervisor } from './supervise.ts'
import { watchSources } from './watch-sources.ts'

export { LocalError, type LocalOptions, type Scale } from './options.ts'
export { planLocal, urlsOf } from './plan.ts'
export { imageOptions, imageVariables, repository, spawnService, type ServiceName } from './spawn-service.ts'

/** A running copy of the application. */
export interface Local extends Pick<Supervisor, 'ready' | 'pids' | 'kill' | 'ended'> {
  /** Where each process is reached, by service. */
  urls: Record<ServiceName, string[]>
  /** LEDGER_URL of the ledger. */
  ledgerUrl: string
  /** Changes how many processes run, without stopping the application. Resolves to a line that says what it did. */
  scale(wanted: Scale): Promise<string>
  /** Stops all processes, and kills those that have not exited within 10 s. Resolves as `ended` does. */
  stop(): Promise<ExitCode>
}

/**
 * Starts all services on this machine and prints their lines to `stream`. Resolves when they are started; await `ready`
 * for when they can serve. Rejects with LocalError, with nothing started, when a port or the data folder cannot be had.
 */
export async function startLocal(
  options: LocalOptions = {},
  { stream = process.stdout, env = process.env }: { stream?: Writable; env?: NodeJS.ProcessEnv } = {},
): Promise<Local> {
  const startedAt = performance.now()
  let plan = planLocal(options, env)
  await checkPorts(plan, plan.processes)
  if (plan.dataFolder !== undefined) await prepareFolder(plan.dataFolder, options.fresh ?? false)
  const output = createOutput(stream, () => supervisor.stop(), options.quiet)
  const supervisor = supervise(plan.processes, output)
  void reportReady(supervisor, plan, output, startedAt)
  const stopWatching = options.watch ? restartOnEdit(supervisor, output) : () => {}
  const stopStatus = isTerminal(stream) ? showStatus(supervisor, output) : () => {}
  const ended = awaitEnd()
  let scaling: Promise<unknown> = Promise.resolve()
  const listening = listenForScale(plan.base, scale, (why) =>
    output.warn(`npm run scale cannot reach this copy: ${why}`),
  )

  async function awaitEnd(): Promise<ExitCode> {
    const exitCode = await supervisor.ended
    const stopListening = await listening
    stopListening()
    stopWatching()
    stopStatus()
    await output.close()
    return exitCode
  }

  /** One after the other. */
  function scale(wanted: Scale): Promise<string> {
    const scaled = scaling.then(() => scaleNow(wanted))
    scaling = scaled.catch(() => {})
    return scaled
  }

  async function scaleNow(wanted: Scale): Promise<string> {
    const before = supervisor.plans()
    const next = planLocal({ ...options, scale: { ...countOf(before), ...wanted } }, env, before)
    await checkPorts(
      next,
      next.processes.filter(({ name }) => !before.some((running) => running.name === name)),
    )
    await supervisor.change(next.processes)
    plan = next
    const counts = [countOf(before), countOf(next.processes)] as const
    const changes = serviceNames.filter((service) => counts[0][service] !== counts[1][service])
    if (changes.length === 0) return `Nothing to change: ${describe(next.processes)} on port ${plan.base}`
    const line = `Scaled ${changes.map((name) => `${name} from ${counts[0][name]} to ${counts[1][name]}`).join(', ')}`
    output.info(line)
    return `${line} on port ${plan.base}`
  }

  return {
    ...supervisor,
    get urls() {
      return urlsOf(plan)
    },
    ledgerUrl: plan.ledgerUrl,
    scale,
    stop() {
      supervisor.stop()
      return ended
    },
    ended,
  }
}

function countOf(processes: ProcessPlan[]): Record<ServiceName, number> {
  const count = (name: ServiceName) => processes.filter(({ service }) => service === name).length
  return { webui: count('webui'), rng: count('rng'), hasher: count('hasher'), worker: count('worker') }
}

function restartOnEdit(supervisor: Supervisor, output: Output): () => void {
  return watchSources(
    repository,
    (file, services) => {
      output.info(`${file} was edited: ${services.join(', ')} restart${services.length === 1 ? 's' : ''}`)
      supervisor.restart(services)
    },
    (line) => output.warn(line),
  )
}
