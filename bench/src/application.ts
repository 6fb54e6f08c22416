import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { openLedger } from '@dockercoins/ledger'
import { freePort } from '@dockercoins/testing/listen'

import type { Load } from './load.ts'
import { repository, type Measured, type Processes } from './processes.ts'

export type ServiceName = 'rng' | 'hasher' | 'worker' | 'webui'

export interface Started extends Measured {
  service: ServiceName
  url: string
}

/** A copy of the application, under load as soon as it runs. */
export interface Application extends Load {
  processes: Started[]
  /** Stops the workers. Rejects unless each exits with 0 and the ledger counted exactly what they say that they made. */
  stopAndProve(): Promise<void>
}

export interface ApplicationOptions {
  ledgerUrl: string
  env?: Record<string, string>
  scale?: Partial<Record<ServiceName, number>>
  /** Whether to run the sources, and not the bundles; perhaps with a module loaded before each. */
  fromSource?: boolean
  preload?: string
}

let copies = 0

/** Starts the application from its bundles; resolves when all of it is ready. */
export async function startApplication(processes: Processes, options: ApplicationOptions): Promise<Application> {
  const { ledgerUrl, scale = {}, fromSource = false, preload } = options
  // Each copy counts from 0, in whatever store.
  const env = { KEY_PREFIX: `bench-${process.pid}-${++copies}:`, DELAY_MS: '0', ...options.env, LEDGER_URL: ledgerUrl }
  const start = (service: ServiceName, wiring = {}) =>
    Promise.all(
      Array.from({ length: scale[service] ?? (service === 'webui' ? 0 : 1) }, (_, index) =>
        startService(
          processes,
          service,
          { HOSTNAME: `${service}-${index + 1}`, ...env, ...wiring },
          fromSource,
          preload,
        ),
      ),
    )
  const [rngs, hashers, webuis] = await Promise.all([start('rng'), start('hasher'), start('webui')])
  const workers = await start('worker', { RNG_URL: urlsOf(rngs), HASHER_URL: urlsOf(hashers) })
  const hashes = () => sumOf(workers, hashesOf)

  return {
    processes: [...workers, ...rngs, ...hashers, ...webuis],
    hashes,
    async stopAndProve() {
      const atLeast = await hashes()
      const exitCodes = await Promise.all(workers.map((worker) => worker.stop()))
      if (exitCodes.some((code) => code !== 0))
        throw new Error(`expected workers to exit with 0, got ${exitCodes.join(', ')}`)
      const ledger = await openLedger({ ledgerUrl, keyPrefix: env.KEY_PREFIX })
      const { hashes: counted, entries } = await ledger.sums().finally(() => ledger.close())
      const said = workers.reduce((sum, worker) => sum + hashesSaid(worker.log()), 0)
      if (counted !== said || counted !== entries || counted < atLeast)
        throw new Error(`expected ${said} hashes, ${atLeast} or more, got ${counted} in entries of ${entries}`)
    },
  }
}

function urlsOf(services: Started[]): string {
  return services.map(({ url }) => url).join()
}

/** Starts one service and resolves when it can serve. */
export async function startService(
  processes: Processes,
  service: ServiceName,
  env: NodeJS.ProcessEnv,
  fromSource = false,
  preload?: string,
): Promise<Started> {
  const port = await freePort()
  const module = join(repository, 'services', service, fromSource ? 'src/main.ts' : 'dist/main.mjs')
  const measured = processes.start(service, module, { HOST: '127.0.0.1', PORT: `${port}`, ...env }, preload)
  const url = `http://127.0.0.1:${port}`
  await untilReady(`${url}/readyz`)
  return { ...measured, service, url }
}

/** Resolves when `url` answers 200. */
export async function untilReady(url: string, method = 'GET'): Promise<void> {
  const deadline = performance.now() + 20_000
  while ((await fetch(url, { method }).catch(() => undefined))?.status !== 200) {
    if (performance.now() > deadline) throw new Error(`expected ${url} to answer 200 within 20 s`)
    await sleep(2)
  }
}

async function hashesOf({ url }: Started): Promise<number> {
  return (await scrape(url))('dockercoins_hashes_total')
}

/** GET /metrics: gives the value of a metric without labels. */
export async function scrape(url: string): Promise<(metric: string) => number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return (metric) => Number(new RegExp(`^${metric} (\\S+)$`, 'm').exec(metrics)?.[1])
}

/** The hashes of all entries that a worker's lines tell of. */
function hashesSaid(log: string): number {
  const entries = log.matchAll(/(\d+) (?:units of work|hashes) done, updating/g)
  return [...entries].reduce((sum, [, hashes]) => sum + Number(hashes), 0)
}

async function sumOf(workers: Started[], count: (worker: Started) => Promise<number>): Promise<number> {
  return (await Promise.all(workers.map(count))).reduce((sum, hashes) => sum + hashes, 0)
}
