import { signal } from '@preact/signals'
import type UPlot from 'uplot'

import type { Mark } from '../src/api.ts'
import { formatRate, formatTime } from '../src/format.ts'
import type { Scene } from './graph-chart.ts'
import { speedAt, type GraphView } from './graph-view.ts'

/** So near to a line, the pointer means it. CSS pixels. */
const NEAR = 16
/** More marks than this are only counted. */
const MOST_MARKS = 4

/** The point under the cursor, where it is in the graph, and the marks near it. */
const pointed = signal<
  { index: number; left: number; top: number; isHigh: boolean; isByKey: boolean; near: Mark[] } | undefined
>(undefined)

/** The moments that the cursor is near to, the nearest first. */
export function nearCursor<T extends { at: number }>(chart: UPlot, moments: T[]): T[] {
  const distance = ({ at }: T) => Math.abs(chart.valToPos(at, 'x') - (chart.cursor.left ?? -1))
  return moments.filter((moment) => distance(moment) <= NEAR).toSorted((a, b) => distance(a) - distance(b))
}

/** Shows the point where the cursor of the chart is. */
export function showPoint(chart: UPlot, { view, marks }: Scene, isByKey: boolean): void {
  const { idx, left = -1 } = chart.cursor
  const at = view.x[idx ?? -1]
  if (typeof idx !== 'number' || left < 0 || at === undefined) {
    pointed.value = undefined
    return
  }
  const { offsetLeft, offsetTop, clientHeight } = chart.over
  const top = chart.valToPos(speedAt(view, idx) ?? 0, 'y')
  pointed.value = {
    index: idx,
    left: offsetLeft + chart.valToPos(at, 'x'),
    top: offsetTop + top,
    isHigh: top < clientHeight / 2,
    isByKey,
    near: nearCursor(chart, marks),
  }
}

/** The figures of the point under the cursor, beside it. */
export function Tip({ view }: { view: GraphView }) {
  const point = pointed.value
  const at = point && view.x[point.index]
  if (at === undefined) return <p class="tip" aria-live="polite" hidden />
  const { index, left, top, isHigh, isByKey, near } = point!
  const speed = speedAt(view, index)
  const [lowest, highest] = [view.lowest[index], view.highest[index]]
  const rows = [
    ['speed', speed],
    ['workers that do not report', foreignAt(view, index)],
    ['capacity', view.capacity[index]],
    ['classic', view.classic[index]],
  ].filter((row): row is [string, number] => typeof row[1] === 'number')
  const marks = near.slice(0, MOST_MARKS).toSorted((a, b) => a.at - b.at)
  return (
    <>
      <i class="point" hidden={speed === null} style={{ left: `${left}px`, top: `${top}px` }} />
      <p
        class={`tip${isRight(view, at) ? ' before' : ''}${isHigh ? '' : ' above'}`}
        aria-live={isByKey ? 'polite' : 'off'}
        style={{ left: `${left}px`, top: `${top}px` }}
      >
        {/* The time of a second is its start, as in the table. */}
        <b>{formatTime(at - view.bucket / 2)}</b>
        {rows.map(([name, figure]) => (
          <span key={name}>
            {name} <b>{formatRate(figure)}</b>
          </span>
        ))}
        {typeof lowest === 'number' && (
          <span>{`${formatRate(lowest)} to ${formatRate(highest ?? lowest)} in ${view.bucket} s`}</span>
        )}
        {speed === null && <span>not known</span>}
        {marks.map((mark) => (
          <span class="mark" key={`${mark.at} ${mark.text}`}>
            <b>{mark.text}</b> {formatTime(mark.at)}
          </span>
        ))}
        {near.length > marks.length && <span>{`and ${near.length - marks.length} more in the table`}</span>}
      </p>
    </>
  )
}

function foreignAt({ total, base }: GraphView, index: number): number | null {
  const all = total[index] ?? null
  return all === null ? null : all - (base[index] ?? 0)
}

function isRight({ from, until }: GraphView, at: number): boolean {
  return at - from > 0.6 * (until - from)
}
