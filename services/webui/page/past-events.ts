import type { Mark, Outage } from '../src/api.ts'

/** Two replicas of the web UI see the same change at moments that differ by less, seconds. */
const SAME_S = 5

/** The marks known before and those sent, oldest first. A web UI that restarted knows none. */
export function mergeMarks(known: Mark[], sent: Mark[]): Mark[] {
  const isSent = (mark: Mark) => sent.some(({ at, text }) => text === mark.text && Math.abs(at - mark.at) < SAME_S)
  return [...known.filter((mark) => !isSent(mark)), ...sent].toSorted((a, b) => a.at - b.at)
}

/** The outages known before and those sent. */
export function mergeOutages(known: Outage[], sent: Outage[]): Outage[] {
  const isSent = (outage: Outage) => sent.some(({ from, until }) => from <= outage.until && until >= outage.from)
  return [...known.filter((outage) => !isSent(outage)), ...sent]
}
