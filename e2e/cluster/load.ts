import assert from 'node:assert/strict'

import { until } from '@dockercoins/testing'
import type { ClusterStack } from '@dockercoins/testing/cluster-stack'
import { fields, totals, unitsDone } from '@dockercoins/testing/figures'

/**
 * Stops the workers. The ledger lacks no more than the workers logged that they could not record,
 * because it was away while they stopped.
 */
export async function assertLossIsLogged(stack: ClusterStack): Promise<void> {
  await stack.stop('worker', 'SIGTERM')
  const { hashes } = await until('an answer from /json', () => totals(stack.urls.webui))
  const lines = await stack.lines('worker')
  const unrecorded = lines.reduce((sum, line) => sum + Number(fields(line)['unrecorded'] ?? 0), 0)
  const lacking = unitsDone(lines) - hashes
  assert.ok(
    lacking >= 0 && lacking <= unrecorded,
    `${lacking} hashes are lacking, ${unrecorded} were logged as unrecorded`,
  )
  assert.match(await stack.audit(), /sound/)
}

/** The errors in the logs of all services. */
export async function errors(stack: ClusterStack): Promise<string[]> {
  const lines = await Promise.all((['rng', 'hasher', 'worker', 'webui'] as const).map((part) => stack.lines(part)))
  return lines.flat().filter((line) => Number(fields(line)['level']) > 40)
}

/**
 * How many seconds of speed were lost since `from`: the sum, over all seconds until now, of what is
 * missing to the mean speed of the ten seconds before `from`.
 */
export async function secondsLost({ urls }: ClusterStack, from: number): Promise<number> {
  const end = Math.ceil((await totals(urls.webui)).now)
  const history = await until(
    'every second to be settled in /history',
    async () => {
      const answer = await fetch(`${urls.webui}/history?seconds=300`)
      return (await answer.json()) as { from: number; speeds: (number | null)[] }
    },
    (answer) => answer.from + answer.speeds.length >= end,
  )
  const speeds = (begin: number, beyond: number) =>
    history.speeds.slice(begin - history.from, beyond - history.from).map((speed) => speed ?? 0)
  const before = speeds(Math.floor(from) - 10, Math.floor(from))
  const usual = before.reduce((sum, speed) => sum + speed, 0) / before.length
  return speeds(Math.floor(from), end).reduce((sum, speed) => sum + (1 - speed / usual), 0)
}
