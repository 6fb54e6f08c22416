import { mkdir } from 'node:fs/promises'
import type { Writable } from 'node:stream'

import { LocalError } from './local-error.ts'
import type { LocalOptions, ServiceName } from './options.ts'
import { createOutput, hasColours, type Output } from './output.ts'
import { planLocal, repository, type Plan } from './plan.ts'
import { checkPorts } from './ports.ts'
import { supervise, type ExitCode, type Supervisor } from './supervise.ts'
import { watchSources } from './watch-sources.ts'

export { LocalError } from './local-error.ts'
export type { LocalOptions, ServiceName } from './options.ts'
export type { ExitCode } from './supervise.ts'

/** A running copy of the application. */
export interface Local extends Omit<Supervisor, 'stop'> {
  /** Where each process is reached, by service. */
  urls: Record<ServiceName, string[]>
  /** LEDGER_URL of the ledger. */
  ledgerUrl: string
  /** Asks all processes to leave, and ends those that have not within 10 s. Resolves as `ended` does. */
  stop(): Promise<ExitCode>
}

/** Processes that take longer to be ready than this are named, in milliseconds. */
const SAY_WAITING_AFTER_MS = 5_000

/**
 * Starts all services on this machine and prints their lines to `stream`. Resolves when they are started; await `ready` for
 * when they can serve. Rejects with LocalError, having started nothing, when a port or the data folder cannot be had.
 */
export async function startLocal(
  options: LocalOptions = {},
  { stream = process.stdout, env = process.env }: { stream?: Writable; env?: NodeJS.ProcessEnv } = {},
): Promise<Local> {
  const startedAt = performance.now()
  const plan = planLocal(options, env, hasColours(stream))
  await checkPorts(plan)
  await makeFolder(plan.dataFolder)
  const names = plan.processes.map(({ name }) => name)
  const output = createOutput(stream, names, () => supervisor.stop())
  const supervisor = supervise(plan.processes, output)
  void sayWhereToLook(supervisor, plan, output, startedAt)
  const stopWatching = options.watch ? restartOnEdit(supervisor, output) : () => {}
  const ended = closeAfter(supervisor.ended, output).finally(stopWatching)

  function stop(): Promise<ExitCode> {
    supervisor.stop()
    return ended
  }
  return { ...supervisor, urls: urlsOf(plan), ledgerUrl: plan.ledgerUrl, stop, ended }
}

function restartOnEdit(supervisor: Supervisor, output: Output): () => void {
  return watchSources(repository, ({ file, services }) => {
    output.say(`${file} was edited: ${services.join(', ')} restart${services.length === 1 ? 's' : ''}`)
    supervisor.restart(services)
  })
}

async function closeAfter(ended: Promise<ExitCode>, output: Output): Promise<ExitCode> {
  const exitCode = await ended
  await output.close()
  return exitCode
}

async function makeFolder(folder: string | undefined): Promise<void> {
  if (folder === undefined) return
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw new LocalError(`cannot make the data folder ${folder} (${String(error)}): choose another with --data`)
  }
}

/** Says where to look when everything is ready; where that takes long, also what is missing. */
async function sayWhereToLook(supervisor: Supervisor, plan: Plan, output: Output, startedAt: number): Promise<void> {
  let where = `\n${describe(plan)}`
  const patience = setTimeout(() => {
    output.say(`Not ready yet: ${supervisor.waitingFor().join(', ')}${where}`)
    where = ''
  }, SAY_WAITING_AFTER_MS)
  try {
    await supervisor.ready
    output.say(`Ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s${where}`)
  } catch {
    // Stopped before that, which is said already.
  } finally {
    clearTimeout(patience)
  }
}

function describe(plan: Plan): string {
  const urls = urlsOf(plan)
  const ledger = plan.ledgerUrl.replace(/^file:/, '').replace(/\/\/[^@]*@/, '//***@')
  const rows = [
    ['Dashboard', shown(urls.webui)],
    ['rng', shown(urls.rng)],
    ['hasher', shown(urls.hasher)],
    ['Ledger', ledger],
    ['To stop', '^C'],
  ] as const
  return rows.map(([what, where]) => `  ${what.padEnd(10)} ${where}`).join('\n')
}

function shown(urls: string[]): string {
  return urls.map((url) => url.replace('127.0.0.1', 'localhost')).join(' ') || 'none'
}

function urlsOf({ processes }: Plan): Record<ServiceName, string[]> {
  const of = (name: ServiceName) => processes.filter(({ service }) => service === name).map(({ url }) => url)
  return { webui: of('webui'), rng: of('rng'), hasher: of('hasher'), worker: of('worker') }
}
