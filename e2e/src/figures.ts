import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

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

const ASK_AGAIN_MS = 10

/** Waits until `question` has an answer that will do, and gives it; one that fails will not. */
export async function until<T>(question: () => Promise<T>, willDo: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await question().catch(() => undefined)
    if (answer !== undefined && willDo(answer)) return answer
    await sleep(ASK_AGAIN_MS)
  }
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

/** The hashes that workers say they have made, from their lines. */
export function unitsDone(lines: string[]): number {
  return lines.reduce((sum, line) => sum + Number(/(\d+) (?:units of work|hashes) done/.exec(line)?.[1] ?? 0), 0)
}

/** Runs the audit command. Rejects, with what it printed, unless it found the ledger sound. */
export async function audit(ledgerUrl: string): Promise<string> {
  const command = fileURLToPath(import.meta.resolve('@dockercoins/ledger/audit-command'))
  const { stdout } = await promisify(execFile)(process.execPath, [command, ledgerUrl])
  return stdout
}
