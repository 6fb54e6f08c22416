import { computed } from '@preact/signals'

import { createChoice } from './choice.tsx'
import { compareAround } from './compare.ts'
import type { Scene } from './graph-chart.ts'
import { chooseWindow, viewOf, type Seconds, type Window } from './graph-view.ts'
import { away, marks, outages, series, seriesVersion, serverNow } from './page-state.ts'
import { pin } from './pin.ts'
import { sum } from './series.ts'

export const minutes = createChoice('minutes', ['5', '1', '15', '60'])
export const classicView = createChoice('classic', ['off', 'on'])

/** End of the newest settled second; while no numbers come, time goes on. */
const until = computed(() => {
  void seriesVersion.value
  const settled = series.measured.until
  return away.value || settled === 0 ? Math.max(Math.floor(serverNow.value), settled) : settled
})

/** The figures of each second of a window. */
export function readSeconds({ from, until: end }: Window): Seconds {
  const count = end - from
  return {
    measured: series.measured.window(end, count),
    foreign: series.foreign.window(end, count),
    capacity: series.capacity.window(end, count),
    classic: series.classic.window(end, count),
  }
}

const readSpeeds = (end: number, count: number) =>
  sum(series.measured.window(end, count), series.foreign.window(end, count))

/** The means around the pin. */
export const comparison = computed(() => {
  void seriesVersion.value
  return pin.value === undefined ? undefined : compareAround(pin.value, marks.value, series.measured.until, readSpeeds)
})

/** The whole graph. It changes once per second. */
export const scene = computed((): Scene => {
  void seriesVersion.value
  const since = Math.min(series.measured.since, series.foreign.since)
  const window = chooseWindow(since, until.value, 60 * Number(minutes.value))
  const seconds = readSeconds(window)
  const isClassic = classicView.value === 'on'
  const past = outages.value.map(({ from, until: end }) => ({ from, until: end, text: 'ledger away' }))
  return {
    view: viewOf(window, isClassic ? seconds : { ...seconds, classic: [] }),
    marks: marks.value,
    spans: away.value ? [...past, { ...away.value, until: until.value }] : past,
    pin: pin.value,
    comparison: comparison.value,
    isOld: away.value !== undefined,
  }
})
