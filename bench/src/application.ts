import { join } from 'node:path'

import { openLedger } from '@dockercoins/ledger'
import { metric, unitsDone } from '@dockercoins/testing/figures'
import { freePorts } from '@dockercoins/testing/free-ports'

import type { Load } from './load.ts'
import { node, repository, start, untilOk, type Measured } from './processes.ts'

export type ServiceName = 'rng' | 'hasher' | 'worker' | 'webui'

/** A copy of the application that is running; its first process is a worker. */
export interface Application extends Load {
  processes: Service[]
  keyPrefix: string
  stopAndProve: () => Promise<void>
}

export type Service = Measured & { url: string }

let copies = 0

/**
 * Starts the application from its bundles, without delays and web UI by default. Resolves when all
 * of it is ready.
 */
export async function startApplication(
  ledgerUrl: string,
  env: Record<string, string>,
  scale: Partial<Record<ServiceName, number>> = {},
): Promise<Application> {
  const keyPrefix = `bench-${process.pid}-${++copies}:`
  const common = { DELAY_MS: '0', LEDGER_URL: ledgerUrl, KEY_PREFIX: keyPrefix, ...env }
  const startAll = (service: ServiceName, urls = {}) => {
    const { [service]: length } = { rng: 1, hasher: 1, worker: 1, webui: 0, ...scale }
    const names = Array.from({ length }, (_, index) => `${service}-${index + 1}`)
    return Promise.all(names.map((HOSTNAME) => startService(service, { HOSTNAME, ...common, ...urls })))
  }
  const [rngs, hashers, webuis] = await Promise.all([startAll('rng'), startAll('hasher'), startAll('webui')])
  const workers = await startAll('worker', { RNG_URL: urlsOf(rngs), HASHER_URL: urlsOf(hashers) })
  const hashes = async () => sum(await Promise.all(workers.map(({ url }) => metric(url, /^dockercoins_hashes_total /))))

  async function stopAndProve(): Promise<void> {
    const made = await hashes()
    const exitCodes = await Promise.all(workers.map((worker) => worker.stop()))
    if (exitCodes.some((code) => code !== 0)) throw new Error(`expected exit codes 0, got ${exitCodes.join()}`)
    const ledger = await openLedger({ ledgerUrl, keyPrefix })
    const counted = await ledger.sums().finally(() => ledger.close())
    const recorded = sum(workers.map((worker) => unitsDone(worker.log().split('\n'))))
    if (counted.hashes !== recorded || counted.entries !== recorded || recorded < made)
      throw new Error(
        `expected ${recorded} hashes, ${made} or more, got ${counted.hashes} and entries of ${counted.entries}`,
      )
  }
  return { processes: [...workers, ...rngs, ...hashers, ...webuis], keyPrefix, hashes, stopAndProve }
}

/** Starts one service from its bundle. Resolves when it is ready. */
export async function startService(service: ServiceName, env: NodeJS.ProcessEnv): Promise<Service> {
  const port = await freePorts()
  const url = `http://127.0.0.1:${port}`
  const module = join(repository, 'services', service, 'dist/main.mjs')
  const measured = start(service, node(module), { HOST: '127.0.0.1', PORT: `${port}`, ...env })
  await untilOk(`${url}/readyz`)
  return { ...measured, url }
}

function urlsOf(services: Service[]): string {
  return services.map(({ url }) => url).join()
}

/** The sum of `values`. */
export function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
