import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import { until } from '@dockercoins/testing'

import { freePorts } from './free-ports.ts'

/** Why tests that need Prometheus are skipped, and what to do about it. */
export const NO_PROMETHEUS =
  'there is no prometheus and promtool on the PATH: install them (apt install prometheus, brew install prometheus)'

/** Whether `prometheus` and `promtool` can be run. */
export function hasPrometheus(): boolean {
  return ['prometheus', 'promtool'].every((program) => spawnSync(program, ['--version']).status === 0)
}

/** A process to scrape, and the service that it is of. */
export interface Target {
  container: string
  url: string
}

/** A series at one moment. */
export interface Sample {
  metric: Record<string, string>
  value: [at: number, value: string]
}

export interface Alert {
  labels: Record<string, string>
  annotations: Record<string, string>
  state: 'pending' | 'firing'
}

export interface Rule {
  name: string
  type: 'alerting' | 'recording'
  health: 'ok' | 'err' | 'unknown'
  lastError?: string
}

export type Prometheus = Awaited<ReturnType<typeof startPrometheus>>

/**
 * Starts a Prometheus that scrapes the targets and evaluates the rules once per second. It is removed
 * when the test ends.
 */
export async function startPrometheus(t: TestContext, targets: Target[], rulesText: string) {
  const folder = await mkdtemp(join(tmpdir(), 'dockercoins-prometheus-'))
  const scrape = targets.map(({ container, url }) => ({ targets: [new URL(url).host], labels: { container } }))
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [{ job_name: 'dockercoins', static_configs: scrape }],
  }
  await writeFile(join(folder, 'rules.yaml'), rulesText)
  // JSON is YAML too.
  await writeFile(join(folder, 'prometheus.yaml'), JSON.stringify(config))
  const address = `127.0.0.1:${await freePorts()}`
  const files = [`--config.file=${folder}/prometheus.yaml`, `--storage.tsdb.path=${folder}/data`]
  const options = [...files, `--web.listen-address=${address}`, '--log.level=error']
  const server = spawn('prometheus', options, { stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = once(server, 'exit')
  const killOnExit = () => server.kill('SIGKILL')
  process.once('exit', killOnExit)
  t.after(async () => {
    process.off('exit', killOnExit)
    server.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true })
  })

  /** The `data` of a response of Prometheus' API. Rejects with its error, if there is one. */
  async function get(path: string): Promise<unknown> {
    const { data, error } = (await (await fetch(`http://${address}/api/v1/${path}`)).json()) as {
      data?: unknown
      error?: string
    }
    if (error !== undefined) throw new Error(`${path}: ${error}`)
    return data
  }

  await until('Prometheus to be ready', async () => (await fetch(`http://${address}/-/ready`)).ok, Boolean)
  return {
    /** The result of an expression now. */
    async query(expression: string): Promise<Sample[]> {
      return ((await get(`query?query=${encodeURIComponent(expression)}`)) as { result: Sample[] }).result
    },
    alerts: async () => ((await get('alerts')) as { alerts: Alert[] }).alerts,
    rules: async () => ((await get('rules')) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules),
  }
}
