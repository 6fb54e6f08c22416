import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { until } from '@dockercoins/testing'

/** What GET /json of a web UI says. */
export interface Totals {
  coins: number
  hashes: number
  now: number
}

/** GET /json. Rejects when the ledger is away. */
export async function totals(webui: string): Promise<Totals> {
  const response = await fetch(`${webui}/json`)
  if (response.status !== 200) throw new Error(`expected 200, got ${response.status}: ${await response.text()}`)
  return (await response.json()) as Totals
}

/**
 * Waits until all that was done in the five seconds from `from` on, in seconds since the epoch, is
 * recorded. Returns the mean speed in them.
 */
export async function speedFrom(webui: string, from: number): Promise<number> {
  const { speeds } = await until(
    'every second to be settled in /history',
    async () => {
      const answer = (await (await fetch(`${webui}/history?seconds=60`)).json()) as { from: number; speeds: number[] }
      return { ...answer, speeds: answer.speeds.slice(from - answer.from, from - answer.from + 5) }
    },
    ({ from: start, speeds: five }) => start <= from && five.length === 5,
  )
  return speeds.reduce((sum, speed) => sum + speed, 0) / 5
}

/** The mean speed of each response of /history in what a shell printed, in their order. */
export function printedSpeeds(output: string): number[] {
  return Array.from(output.matchAll(/"speeds":\[([^\]]+)\]/g), ([, list]) => {
    const known = list!.split(',').map(Number).filter(Number.isFinite)
    return known.reduce((sum, speed) => sum + speed, 0) / known.length
  })
}

/** The sum of a counter in GET /metrics over all series that match. */
export async function metric(url: string, series: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => series.test(line))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** How many bodies, or batches, a hasher has hashed and answered. */
export function hashed(hasher: string, route = '/'): Promise<number> {
  return metric(
    hasher,
    new RegExp(`^http_request_duration_seconds_count\\{method="POST",route="${route}",status="200"\\}`),
  )
}

/** The hashes that workers recorded: the sum of `hashes` in their lines, with LOG_FORMAT=json. */
export function unitsDone(lines: string[]): number {
  return lines.reduce((sum, line) => sum + Number(fields(line)['hashes'] ?? 0), 0)
}

/**
 * The fields of a line of the log in JSON; none where the line is not JSON. A name that npm start
 * puts before it is left out.
 */
export function fields(line: string): Record<string, unknown> {
  const [, json] = /^(?:[\w-]+ +\| )?(\{.*\})$/.exec(line) ?? []
  return json === undefined ? {} : (JSON.parse(json) as Record<string, unknown>)
}

/** The lines that warn or tell of an error, with LOG_FORMAT=json. */
export function complaints(lines: string[]): string[] {
  return lines.filter((line) => Number(fields(line)['level']) > 30)
}

/** Runs the audit command. Rejects, with what it printed, unless it found the ledger sound. */
export async function audit(ledgerUrl: string): Promise<string> {
  const command = fileURLToPath(import.meta.resolve('@dockercoins/ledger/audit/command'))
  const { stdout } = await promisify(execFile)(process.execPath, [command, ledgerUrl])
  return stdout
}
