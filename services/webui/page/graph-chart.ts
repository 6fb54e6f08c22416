import UPlot from 'uplot'

import { formatTime } from '../src/format.ts'
import { colours, type Colours } from './graph-colours.ts'
import { drawAnnotations, drawEvents, FONT, headHeight, type Annotations } from './graph-drawing.ts'
import type { GraphView } from './graph-view.ts'

/** All that the graph shows. */
export interface Scene extends Annotations {
  view: GraphView
}

/** Steps between two labels of the time, seconds. */
const TIME_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]
/** The smallest text, CSS pixels. */
const SMALLEST_TEXT = 11

/** Creates a chart that fills `parent` and draws what `scene` returns. */
export function createChart(parent: HTMLElement, scene: () => Scene, onCursor: (chart: UPlot) => void): UPlot {
  const options = { ...optionsOf(scene, onCursor), ...sizeOf(parent) }
  return new UPlot(options, columns(scene().view), parent)
}

/** The size of a chart in `parent`, CSS pixels. */
export function sizeOf({ clientWidth, clientHeight }: HTMLElement) {
  return { width: clientWidth, height: clientHeight }
}

/** Shows another view of the figures. */
export function updateChart(chart: UPlot, view: GraphView): void {
  chart.batch(() => {
    chart.setData(columns(view), false)
    chart.setScale('x', { min: view.from, max: view.until })
  })
}

/** The size of the page's text, CSS pixels. */
export function readRem(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize)
}

/** The columns of the chart, in the order of its series. */
function columns({ x, lowest, highest, base, total, capacity, classic, measured }: GraphView): UPlot.AlignedData {
  return [x, lowest, highest, base, total, capacity, classic, measured]
}

/** Called at each drawing, because the theme may have changed. */
const colour = (name: keyof Colours) => () => colours.value![name]

function optionsOf(scene: () => Scene, onCursor: (chart: UPlot) => void): Omit<UPlot.Options, 'width' | 'height'> {
  const rem = readRem()
  // A whole number: uPlot scales only the digits just before "px" to the pixels of the screen.
  const size = Math.max(SMALLEST_TEXT, Math.round(0.75 * rem))
  const canvas = (chart: UPlot) => ({ chart, context: chart.ctx, colours: colours.value!, size })
  const axis: UPlot.Axis = {
    stroke: colour('--quiet'),
    font: `${size}px ${FONT}`,
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { show: false },
  }
  return {
    // The labels of the marks above, and the newest figure at the right.
    padding: [headHeight(size), 3.6 * rem, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: () => [0, scene().view.top] } },
    axes: [
      { ...axis, grid: { show: false }, space: 5 * rem, incrs: TIME_STEPS_S, values: timeLabels, size: 1.7 * rem },
      { ...axis, size: 2.8 * rem, space: 2.2 * rem },
    ],
    series: seriesOf(scene),
    bands: [
      { series: [2, 1], fill: colour('--measured-soft') },
      { series: [4, 3], fill: colour('--foreign-soft') },
    ],
    hooks: {
      drawAxes: [(chart) => keepState(chart, () => drawEvents(canvas(chart), scene().view, scene()))],
      draw: [(chart) => keepState(chart, () => drawAnnotations(canvas(chart), scene().view, scene()))],
      setCursor: [onCursor],
    },
  }
}

function seriesOf(scene: () => Scene): UPlot.Series[] {
  const line: UPlot.Series = { width: 2, points: { show: false } }
  const edge: UPlot.Series = { ...line, stroke: 'transparent' }
  const px = UPlot.pxRatio
  return [
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
      // A step out of a gap would leave a trace of its vertical line.
      gaps: (_chart, _series, _from, _until, gaps) => gaps.map(([from, until]) => [from, until + px]),
    },
    { ...line, stroke: colour('--classic'), width: 1 },
    { ...line, stroke: colour('--measured'), fill: (chart) => softArea(chart, scene().view) },
  ]
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
