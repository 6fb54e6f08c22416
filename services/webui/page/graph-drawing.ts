import UPlot from 'uplot'

import type { Mark } from '../src/api.ts'
import { formatRate } from '../src/format.ts'
import type { Comparison } from './compare.ts'
import type { Colours } from './graph-colours.ts'
import { newestPoint, type GraphView } from './graph-view.ts'
import { labelMarks, type Label } from './mark-labels.ts'

/** A time without numbers, and why. */
export interface Span {
  from: number
  until: number
  text: string
}

/** What the graph shows beside its curves. */
export interface Annotations {
  marks: Mark[]
  spans: Span[]
  pin: number | undefined
  comparison: Comparison | undefined
  /** Whether the newest point is old, because no numbers come. */
  isOld: boolean
}

/** As on the rest of the page. */
export const FONT = 'Inter, system-ui, sans-serif'

/** The capacity varies by less than this factor while nothing changes. */
const NOISE = 1.1

/** Rows of labels above the plot. */
const LABEL_ROWS = 2

/** Height of the labels above the plot, for text of this size; CSS pixels. */
export function headHeight(size: number): number {
  return LABEL_ROWS * rowHeight(size) + 6
}

function rowHeight(size: number): number {
  return Math.round(1.3 * size)
}

/** What the functions below draw on, in the pixels of the screen. */
interface Canvas {
  chart: UPlot
  context: CanvasRenderingContext2D
  colours: Colours
  /** Size of the text, CSS pixels. */
  size: number
}

/** The spans and the marks, below the curves. */
export function drawEvents(canvas: Canvas, { from, until }: GraphView, { spans, marks }: Annotations): void {
  drawSpans(canvas, spans)
  drawMarks(
    canvas,
    marks.filter(({ at }) => at >= from && at <= until),
  )
}

function drawSpans(canvas: Canvas, spans: Span[]): void {
  const { chart, context, colours, size } = canvas
  const { left, top, width, height } = chart.bbox
  const px = UPlot.pxRatio
  for (const span of spans) {
    const begin = Math.max(left, toX(chart, span.from))
    const end = Math.min(left + width, toX(chart, span.until))
    if (end - begin < px) continue
    context.save()
    context.beginPath()
    context.rect(begin, top, end - begin, height)
    context.clip()
    context.beginPath()
    for (let x = begin - height; x < end; x += 9 * px) {
      context.moveTo(x, top + height)
      context.lineTo(x + height, top)
    }
    context.strokeStyle = colours['--hatch']
    context.lineWidth = 1.5 * px
    context.stroke()
    context.restore()
    setFont(canvas, size)
    const text = context.measureText(span.text).width
    if (text + 12 * px < end - begin) {
      drawText(canvas, span.text, (begin + end) / 2, top + 6 * px, ['center', 'top'], '--full')
    }
  }
}

/** The pin with its means, the capacity's name and the newest point, above the curves. */
export function drawAnnotations(canvas: Canvas, view: GraphView, annotations: Annotations): void {
  const { pin, comparison, isOld } = annotations
  if (pin !== undefined && pin >= view.from && pin <= view.until) drawPin(canvas, pin, comparison)
  drawCapacity(canvas, view)
  drawNewest(canvas, view, isOld)
}

function drawMarks(canvas: Canvas, marks: Mark[]): void {
  const { chart, context, size } = canvas
  const { left, width } = chart.bbox
  const px = UPlot.pxRatio
  setFont(canvas, size)
  const lines = marks.map(({ at, text }) => ({ x: Math.round(toX(chart, at)), text }))
  // The labels may end in the space beside the plot.
  const space = { left, right: left + width + 40 * px, gap: 10 * px, rows: LABEL_ROWS }
  const labels = labelMarks(lines, space, (text) => context.measureText(text).width)
  const labelled = new Set(labels.flatMap((label) => label.lines))
  for (const { x } of lines) if (!labelled.has(x)) drawLine(canvas, x, '--quiet', chart.bbox.top)
  for (const label of labels) drawLabel(canvas, label)
}

/** The lines of a label go up to its row, and a bar joins them. */
function drawLabel(canvas: Canvas, { text, lines, begin, row }: Label): void {
  const { chart, context, colours, size } = canvas
  const px = UPlot.pxRatio
  const foot = chart.bbox.top - Math.round((3 + row * rowHeight(size)) * px)
  drawText(canvas, text, begin, foot - 2 * px, ['left', 'bottom'], '--ink')
  for (const x of lines) drawLine(canvas, x, '--quiet', foot)
  context.fillStyle = colours['--quiet']
  context.fillRect(lines[0]!, foot, lines.at(-1)! - lines[0]!, px)
}

function drawPin(canvas: Canvas, pin: number, comparison: Comparison | undefined): void {
  const { chart, context, colours } = canvas
  const { top } = chart.bbox
  const px = UPlot.pxRatio
  const x = toX(chart, pin)
  drawLine(canvas, x, '--ink', top, 1.5)
  context.beginPath()
  context.moveTo(x - 5 * px, top)
  context.lineTo(x + 5 * px, top)
  context.lineTo(x, top + 8 * px)
  context.fillStyle = colours['--ink']
  context.fill()
  for (const part of [comparison?.before, comparison?.after]) {
    if (!part) continue
    const y = chart.valToPos(part.mean, 'y', true)
    context.beginPath()
    context.moveTo(Math.max(chart.bbox.left, toX(chart, part.from)), y)
    context.lineTo(toX(chart, part.until), y)
    context.strokeStyle = colours['--ink']
    context.lineWidth = 2 * px
    context.stroke()
  }
}

/** Names the capacity at the end of its line, or at the top where it is beyond the scale. */
function drawCapacity(canvas: Canvas, { x, capacity, top: highest }: GraphView): void {
  const { chart, size } = canvas
  const { left, top } = chart.bbox
  const px = UPlot.pxRatio
  const index = capacity.findLastIndex((level) => level !== null)
  if (index < 0) return
  const level = capacity[index]!
  const text = `capacity ${formatRate(level)}${level > highest ? ' ↑' : ''}`
  setFont(canvas, size)
  const width = canvas.context.measureText(text).width
  const end = Math.max(toX(chart, x[index]!), left + width)
  // Above the peaks of a noisy line, but not of a capacity from before a change.
  const peaks = capacity.filter((each, i) => toX(chart, x[i]!) > end - width && each! < NOISE * level).map(Number)
  const y = level > highest ? top + (size + 6) * px : chart.valToPos(Math.max(level, ...peaks), 'y', true)
  const isBelow = level <= highest && y - top < (size + 6) * px
  drawText(canvas, text, end, isBelow ? y + 5 * px : y - 5 * px, ['right', isBelow ? 'top' : 'bottom'], '--capacity')
}

/** A dot and the speed. */
function drawNewest(canvas: Canvas, view: GraphView, isOld: boolean): void {
  const newest = newestPoint(view)
  if (!newest) return
  const { chart, context, colours, size } = canvas
  const px = UPlot.pxRatio
  const [x, y] = [toX(chart, newest.at), chart.valToPos(newest.speed, 'y', true)]
  const colour = isOld ? '--quiet' : '--measured'
  context.beginPath()
  context.arc(x, y, 4 * px, 0, 2 * Math.PI)
  context.fillStyle = colours[isOld ? '--panel' : colour]
  context.strokeStyle = colours[isOld ? colour : '--panel']
  context.lineWidth = 2 * px
  context.stroke()
  context.fill()
  setFont(canvas, Math.round(1.2 * size), 650)
  drawText(canvas, formatRate(newest.speed), x + 9 * px, y, ['left', 'middle'], colour)
}

function drawLine({ chart, context, colours }: Canvas, x: number, colour: keyof Colours, top: number, width = 1): void {
  const px = UPlot.pxRatio
  context.beginPath()
  context.moveTo(Math.round(x), top)
  context.lineTo(Math.round(x), chart.bbox.top + chart.bbox.height)
  context.strokeStyle = colours[colour]
  context.lineWidth = width * px
  context.stroke()
}

type Alignment = [CanvasTextAlign, CanvasTextBaseline]

/** Text with a rim in the colour of the ground, which keeps it readable on a curve. */
function drawText(
  { context, colours }: Canvas,
  text: string,
  x: number,
  y: number,
  at: Alignment,
  colour: keyof Colours,
) {
  ;[context.textAlign, context.textBaseline] = at
  context.lineJoin = 'round'
  context.lineWidth = 4 * UPlot.pxRatio
  context.strokeStyle = colours['--panel']
  context.strokeText(text, x, y)
  context.fillStyle = colours[colour]
  context.fillText(text, x, y)
}

function setFont({ context }: Canvas, size: number, weight = 400): void {
  context.font = `${weight} ${Math.round(size * UPlot.pxRatio)}px ${FONT}`
}

function toX(chart: UPlot, at: number): number {
  return chart.valToPos(at, 'x', true)
}
