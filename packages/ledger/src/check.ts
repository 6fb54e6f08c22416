import type { Entry } from './ledger.ts'
import { MILLIONTHS } from './spread.ts'

/** More than any worker does between two entries, and still an integer in millionths. */
const MAX_HASHES = Math.floor(Number.MAX_SAFE_INTEGER / MILLIONTHS)

/** Throws for an entry that cannot be counted exactly. Both stores do so before they write. */
export function checkEntry({ worker, sequence, hashes, from, to, coins, report }: Entry): void {
  expect(/^[\w-]{1,64}$/.test(worker), 'an entry to have a worker of 1 to 64 letters, digits and hyphens', worker)
  expect(isCount(sequence) && sequence > 0, "an entry's sequence to be 1, 2, 3…", sequence)
  expect(isCount(hashes) && hashes <= MAX_HASHES, `an entry to have 0 to ${MAX_HASHES} hashes`, hashes)
  const areMoments = [from, to].every((moment) => Math.abs(moment) < 8.64e15)
  expect(areMoments, "an entry's from and to in milliseconds since the epoch", [from, to])
  const bad = coins.find(({ digest }) => !/^0[0-9a-f]{63}$/.test(digest))?.digest
  expect(bad === undefined, "a coin's digest to be 64 lower-case hexadecimal digits that begin with 0", bad)
  if (!report) return
  expect(report.worker === worker, "a report to be of its entry's worker", report.worker)
  const { expiresAfterMs } = report
  expect(isCount(expiresAfterMs) && expiresAfterMs > 0, 'expiresAfterMs to be a whole number above 0', expiresAfterMs)
}

/** Throws unless `from` and `count` name seconds, few enough to read at once. */
export function checkSeconds(from: number, count: number): void {
  expect(Number.isSafeInteger(from), 'speeds from a whole second', from)
  expect(isCount(count) && count <= 86_400, 'speeds of 0 to 86400 seconds', count)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function expect(holds: boolean, expected: string, found: unknown): void {
  if (!holds) throw new RangeError(`expected ${expected}, got ${JSON.stringify(found)}`)
}
