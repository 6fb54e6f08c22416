import * as v from 'valibot'

import type { Report } from './ledger.ts'

// What comes out of a store may have been written by another version, or by anybody: it is checked before it is believed.

const amount = v.pipe(v.number(), v.minValue(0), v.maxValue(1e12))
const moment = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15))
const upstream = v.object({
  queueMs: amount,
  workMs: amount,
  networkMs: amount,
  concurrency: amount,
  replicas: v.record(v.string(), amount),
  // A worker of an older version does not tell it.
  notResponding: v.optional(v.array(v.string()), []),
})
const report: v.GenericSchema<unknown, Report> = v.object({
  worker: v.string(),
  hostname: v.string(),
  loops: amount,
  from: moment,
  to: moment,
  hashes: amount,
  // A worker that knows no batches does not tell it.
  hashesPerUnit: v.optional(v.pipe(amount, v.minValue(1)), 1),
  expiresAfterMs: amount,
  pauseMs: amount,
  rng: upstream,
  hasher: upstream,
  latestCoins: v.array(v.object({ digest: v.pipe(v.string(), v.regex(/^0[0-9a-f]{63}$/)), at: moment })),
})
const storedReport = v.pipe(v.string(), v.parseJson(), report)

/** The reports among the texts; one that is not understood counts as none, so that it cannot hide the others. */
export function parseReports(texts: readonly unknown[]): Report[] {
  return texts.flatMap((text) => {
    const result = v.safeParse(storedReport, text)
    return result.success ? [result.output] : []
  })
}

/** The rows that SQL answers with, for each question. */
export const rows = {
  totals: v.object({ hashes: v.number(), coins: v.number() }),
  coinCounts: v.object({ kept: v.number(), unkept: v.number() }),
  sums: v.object({ hashes: v.number(), batches: v.number() }),
  last: v.optional(v.object({ sequence: v.number() })),
  shares: v.array(v.object({ second: v.number(), millionths: v.number() })),
  reports: v.array(v.object({ report: v.string() })),
  coins: v.array(v.object({ digest: v.string(), bytes: v.instance(Uint8Array<ArrayBufferLike>) })),
}
