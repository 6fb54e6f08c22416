import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import UPlot from 'uplot'

import { formatRate, formatTime } from '../src/format.ts'
import { colours, type Colours } from './graph-colours.ts'
import { drawAnnotations, drawEvents, type Annotations } from './graph-drawing.ts'
import { speedAt, type GraphView } from './graph-view.ts'
import { pin, setPin } from './pin.ts'

export interface Scene extends Annotations {
  view: GraphView
}

/** Steps between two labels of the time, seconds. */
const TIME_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]
/** The smallest text, CSS pixels. */
const SMALLEST_TEXT = 11
/** So near to a mark or the pin, a click means it. CSS pixels. */
const NEAR = 8

/** The point under the cursor, and where it is in the graph. */
const pointed = signal<{ index: number; left: number; top: number; isHigh: boolean; isByKey: boolean } | undefined>(
  undefined,
)

/** The chart as it was drawn last. */
export const chartCanvas = signal<HTMLCanvasElement | undefined>(undefined)

/** The speed over time. `label` has the picture in words. */
export function Graph({ scene, label }: { scene: Scene; label: string }) {
  const frame = useRef<HTMLDivElement>(null)
  const chart = useRef<UPlot>(null)
  const newest = useRef(scene)
  /** The moment that the keyboard chose; the pointer chooses a place instead. */
  const held = useRef<number>(undefined)
  const [rem, setRem] = useState(readRem)
  newest.current = scene

  useEffect(() => {
    const parent = frame.current!
    const size = () => ({ width: parent.clientWidth, height: parent.clientHeight })
    const plot = new UPlot({ ...options(rem, newest, held), ...size() }, columns(newest.current.view), parent)
    chart.current = plot
    chartCanvas.value = plot.ctx.canvas
    plot.over.addEventListener('pointermove', () => (held.current = undefined))
    plot.over.addEventListener('click', () => togglePin(plot, newest.current, plot.cursor.left ?? -1))
    const resized = new ResizeObserver(() => {
      plot.setSize(size())
      setRem(readRem())
    })
    resized.observe(parent)
    return () => {
      resized.disconnect()
      plot.destroy()
    }
  }, [rem])

  useEffect(() => {
    const plot = chart.current
    const { view } = scene
    plot?.batch(() => {
      plot.setData(columns(view), false)
      plot.setScale('x', { min: view.from, max: view.until })
    })
    if (plot && held.current !== undefined) pointAt(plot, held.current)
  }, [scene, colours.value, rem])

  function onKeyDown(event: KeyboardEvent): void {
    const plot = chart.current
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return
    const { x } = scene.view
    const index = plot.cursor.idx ?? x.length
    const step = event.shiftKey ? 10 : 1
    const moves: Record<string, number> = {
      ArrowLeft: index - step,
      ArrowRight: index + step,
      Home: 0,
      End: x.length - 1,
    }
    const move = moves[event.key]
    if (move !== undefined) {
      held.current = x[Math.max(0, Math.min(x.length - 1, move))]
      if (held.current !== undefined) pointAt(plot, held.current)
    } else if (event.key === 'Enter') {
      if ((plot.cursor.left ?? -1) >= 0) togglePin(plot, scene, plot.cursor.left!)
    } else if (event.key === 'Escape') {
      setPin(undefined)
      hideCursor()
    } else return
    event.preventDefault()
  }

  function hideCursor(): void {
    held.current = undefined
    chart.current?.setCursor({ left: -10, top: -10 })
  }

  return (
    <div
      class="graph"
      ref={frame}
      tabIndex={0}
      role="application"
      aria-roledescription="graph"
      aria-label={label}
      onKeyDown={onKeyDown}
      onBlur={hideCursor}
    >
      <Tooltip scene={scene} />
    </div>
  )
}

/** The figures of the point under the cursor, beside it. */
function Tooltip({ scene: { view, marks } }: { scene: Scene }) {
  const point = pointed.value
  const at = point && view.x[point.index]
  if (at === undefined) return <p class="tip" aria-live="polite" hidden />
  const { index, left, top, isHigh, isByKey } = point!
  const speed = speedAt(view, index)
  const [lowest, highest] = [view.lowest[index], view.highest[index]]
  const rows = [
    ['speed', speed],
    ['workers that do not report', foreignAt(view, index)],
    ['capacity', view.capacity[index]],
    ['classic', view.classic[index]],
  ].filter((row): row is [string, number] => typeof row[1] === 'number')
  // The time of a second is its start, as in the table.
  const begin = at - view.bucket / 2
  return (
    <>
      <i class="point" hidden={speed === null} style={{ left: `${left}px`, top: `${top}px` }} />
      <p
        class={`tip${isRight(view, at) ? ' before' : ''}${isHigh ? '' : ' above'}`}
        aria-live={isByKey ? 'polite' : 'off'}
        style={{ left: `${left}px`, top: `${top}px` }}
      >
        <b>{formatTime(begin)}</b>
        {rows.map(([name, figure]) => (
          <span key={name}>
            {name} <b>{formatRate(figure)}</b>
          </span>
        ))}
        {typeof lowest === 'number' && (
          <span>{`${formatRate(lowest)} to ${formatRate(highest ?? lowest)} in ${view.bucket} s`}</span>
        )}
        {speed === null && <span>not known</span>}
        {marks
          .filter((mark) => Math.abs(mark.at - at) <= Math.max(view.bucket, (view.until - view.from) / 150))
          .map((mark) => (
            <span class="mark" key={mark.at}>
              {mark.text}
            </span>
          ))}
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

/** The columns of the chart, in the order of `options().series`. */
function columns({ x, lowest, highest, base, total, capacity, classic, measured }: GraphView): UPlot.AlignedData {
  return [x, lowest, highest, base, total, capacity, classic, measured]
}

/** Called at each drawing, because the theme may have changed. */
const colour = (name: keyof Colours) => () => colours.value![name]

function options(
  rem: number,
  newest: { current: Scene },
  held: { current: number | undefined },
): Omit<UPlot.Options, 'width' | 'height'> {
  // A whole number: uPlot scales only the digits just before "px" to the pixels of the screen.
  const size = Math.max(SMALLEST_TEXT, Math.round(0.75 * rem))
  const canvas = (chart: UPlot) => ({ chart, context: chart.ctx, colours: colours.value!, size })
  const axis: UPlot.Axis = {
    stroke: colour('--quiet'),
    font: `${size}px system-ui, sans-serif`,
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { show: false },
  }
  const line: UPlot.Series = { width: 2, points: { show: false } }
  const edge: UPlot.Series = { ...line, stroke: 'transparent' }
  const px = UPlot.pxRatio
  return {
    // The row of the marks' labels above, and the newest figure at the right.
    padding: [size + 10, 3.6 * rem, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: () => [0, newest.current.view.top] } },
    axes: [
      { ...axis, grid: { show: false }, space: 5 * rem, incrs: TIME_STEPS_S, values: timeLabels, size: 1.7 * rem },
      { ...axis, size: 2.8 * rem, space: 2.2 * rem },
    ],
    series: [
      {},
      edge,
      edge,
      edge,
      { ...line, stroke: colour('--foreign'), width: 1.5 },
      {
        ...line,
        stroke: colour('--capacity'),
        width: 1.5,
        dash: [6 * px, 4 * px],
        paths: UPlot.paths.stepped!({ align: 1 }),
      },
      { ...line, stroke: colour('--classic'), width: 1 },
      { ...line, stroke: colour('--measured'), fill: (chart) => softArea(chart, newest.current.view) },
    ],
    bands: [
      { series: [2, 1], fill: colour('--measured-soft') },
      { series: [4, 3], fill: colour('--foreign-soft') },
    ],
    hooks: {
      drawAxes: [(chart) => keepState(chart, () => drawEvents(canvas(chart), newest.current.view, newest.current))],
      draw: [(chart) => keepState(chart, () => drawAnnotations(canvas(chart), newest.current.view, newest.current))],
      setCursor: [(chart) => showPoint(chart, newest.current.view, held.current !== undefined)],
    },
  }
}

/** 14:03, with seconds where the labels are less than a minute apart. */
function timeLabels(_: UPlot, moments: number[], _axis: number, _space: number, step: number): string[] {
  return moments.map((at) => formatTime(at).slice(0, step < 60 ? 8 : 5))
}

/** The chart remembers the state of its canvas, such as the font, so drawing must not change it. */
function keepState({ ctx }: UPlot, draw: () => void): void {
  ctx.save()
  draw()
  ctx.restore()
}

/** The colour below the measured speed fades towards 0; a long window has a band instead. */
function softArea({ ctx, bbox }: UPlot, { bucket }: GraphView): CanvasGradient | string {
  if (bucket > 1) return 'transparent'
  const gradient = ctx.createLinearGradient(0, bbox.top, 0, bbox.top + bbox.height)
  gradient.addColorStop(0, colours.value!['--measured-soft'])
  gradient.addColorStop(1, colours.value!['--measured-clear'])
  return gradient
}

function showPoint(chart: UPlot, view: GraphView, isByKey: boolean): void {
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
  }
}

function pointAt(chart: UPlot, at: number): void {
  chart.setCursor({ left: chart.valToPos(at, 'x'), top: 1 })
}

/** Pins the moment at `left`, or the mark there; the pin itself is removed. */
function togglePin(chart: UPlot, { view, marks }: Scene, left: number): void {
  const distance = (at: number) => Math.abs(chart.valToPos(at, 'x') - left)
  const [mark] = marks.toSorted((a, b) => distance(a.at) - distance(b.at))
  const at = mark && distance(mark.at) <= NEAR ? mark.at : view.x[chart.cursor.idx ?? -1]
  if (pin.value !== undefined && distance(pin.value) <= NEAR) setPin(undefined)
  else if (at !== undefined) setPin(Math.round(at))
}

function readRem(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize)
}
