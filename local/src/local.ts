import type { Writable } from 'node:stream'

import { listenForRequests } from './control.ts'
import type { LocalOptions, Scale } from './options.ts'
import { createOutput, isTerminal, type Output } from './output.ts'
import { planLocal, urlsOf } from './plan.ts'
import { checkPorts, prepareFolder } from './prepare.ts'
import { reportReady, showStatus } from './report.ts'
import { repository, serviceNames } from './spawn-service.ts'
import { countOf, describe, supervise, type ExitCode, type Supervisor } from './supervise.ts'
import { watchSources } from './watch-sources.ts'

export { requestUrls } from './control.ts'
export { DEFAULT_PORT, LocalError, type LocalOptions, type Scale } from './options.ts'
export { planLocal, urlsOf } from './plan.ts'
export { imageOptions, imageVariables, repository, spawnService, type ServiceName } from './spawn-service.ts'

/**
 * Starts all services on this machine and prints their lines to `stream`. Resolves when they are
 * started; await `ready` for when they can serve. Rejects with LocalError, and starts nothing, when
 * a port or the data folder cannot be had.
 */
export async function startLocal(
  options: LocalOptions = {},
  { stream = process.stdout, env = process.env }: { stream?: Writable; env?: NodeJS.ProcessEnv } = {},
) {
  const startedAt = performance.now()
  let plan = planLocal(options, env)
  await checkPorts(plan)
  if (plan.dataFolder !== undefined) await prepareFolder(plan.dataFolder, options.fresh ?? false)
  const output = createOutput(stream, () => supervisor.stop(), options.quiet)
  const supervisor = supervise(plan.processes, output)
  void reportReady(supervisor, plan, output, startedAt)
  const stopWatching = options.watch ? restartOnEdit(supervisor, output) : () => {}
  const stopStatus = isTerminal(stream) ? showStatus(supervisor, output) : () => {}
  const ended = awaitEnd()
  let scaling: Promise<unknown> = Promise.resolve()
  const listening = listenForRequests(plan.base, { scale, urls: () => urlsOf(plan) }, (why) =>
    output.warn(`npm run scale and npm run fault cannot reach this copy: ${why}`),
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

  /**
   * Changes how many processes run, one request after the other. Resolves to a line that says what
   * was done.
   */
  function scale(wanted: Scale): Promise<string> {
    const scaled = scaling.then(() => scaleNow(wanted))
    scaling = scaled.catch(() => {})
    return scaled
  }

  async function scaleNow(wanted: Scale): Promise<string> {
    const before = supervisor.plans()
    const next = planLocal({ ...options, scale: { ...countOf(before), ...wanted } }, env, before)
    await checkPorts(next, before)
    await supervisor.change(next.processes)
    plan = next
    const [from, to] = [countOf(before), countOf(plan.processes)]
    const changed = serviceNames.filter((name) => from[name] !== to[name])
    if (changed.length === 0) return `Nothing to change: ${describe(plan.processes)} on port ${plan.base}`
    const line = `Scaled ${changed.map((name) => `${name} from ${from[name]} to ${to[name]}`).join(', ')}`
    output.info(line)
    return `${line} on port ${plan.base}`
  }

  /** Stops all processes, and kills those that run for 10 s more. Resolves as `ended` does. */
  function stop(): Promise<ExitCode> {
    supervisor.stop()
    return ended
  }

  return {
    ...supervisor,
    ended,
    ledgerUrl: plan.ledgerUrl,
    /** Where each process is reached, by service. */
    get urls() {
      return urlsOf(plan)
    },
    scale,
    stop,
  }
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
