import assert from 'node:assert/strict'

import { until } from '@dockercoins/testing'

import { totals, unitsDone, type Totals } from './figures.ts'
import type { Stack } from './stack.ts'

/** Resolves when the counter of /json has moved by `hashes`. */
export async function untilMore({ urls }: Pick<Stack, 'urls'>, hashes = 20): Promise<Totals> {
  const before = await until('an answer from /json', () => totals(urls.webui))
  return until(
    'enough hashes in /json',
    () => totals(urls.webui),
    (now) => now.hashes >= before.hashes + hashes,
  )
}

/** Stops the workers. What they logged is what the ledger counts, and the ledger is sound. */
export async function assertNothingLost(stack: Stack): Promise<void> {
  await stack.stop('worker', 'SIGTERM')
  const { hashes } = await until('an answer from /json', () => totals(stack.urls.webui))
  assert.equal(hashes, unitsDone(await stack.lines('worker')))
  assert.match(await stack.audit(), /sound/)
}
