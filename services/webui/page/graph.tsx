import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'

import 'uplot/dist/uPlot.min.css'

import { theme } from './theme-choice.ts'

export interface Curve {
  /** Moments in seconds since the epoch, and a speed or a gap for each. */
  x: number[]
  y: (number | null)[]
  /** The shown span of time. */
  from: number
  until: number
  /** The speed of workers that do not report, and the capacity, for each moment: drawn as steps. */
  foreign: (number | null)[]
  capacity: (number | null)[]
  /** The highest speed, which the scale has room for, and the highest capacity. */
  highest: number
  limit: number
}

export interface GraphProps {
  /** CSS custom property with the colour of the curve. */
  colour: '--true' | '--classic'
  /** Says in words what the graph shows. */
  label: string
  /** Reads signals; the graph is drawn anew when they change. */
  read: () => Curve
  /** Told of the point under the pointer, or that there is none. */
  onPoint: (point: Point | undefined) => void
}

export interface Point {
  at: number
  speed: number | null
}

const nothing: Curve = { x: [], y: [], foreign: [], capacity: [], from: 0, until: 1, highest: 0, limit: 0 }

/** A curve over time. It is a picture, so its label has to say what is in it. */
export function Graph({ colour, label, read, onPoint }: GraphProps) {
  const frame = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const shown = useRef<Curve>(nothing)

  useEffect(() => {
    const parent = frame.current
    if (!parent) return undefined
    const size = () => ({ width: parent.clientWidth, height: parent.clientHeight })
    plot.current = new UPlot(
      options(colour, size(), () => shown.current, onPoint),
      [[], [], [], []],
      parent,
    )
    const resized = new ResizeObserver(() => plot.current?.setSize(size()))
    resized.observe(parent)
    return () => {
      resized.disconnect()
      plot.current?.destroy()
    }
  }, [])

  useSignalEffect(() => {
    const curve = (shown.current = read())
    const chart = plot.current
    if (!chart) return
    chart.batch(() => {
      chart.setData([curve.x, curve.y, curve.foreign, curve.capacity], false)
      chart.setScale('x', { min: curve.from, max: curve.until })
    })
  })

  useSignalEffect(() => {
    void theme.value
    // The colours are read when the lines are drawn.
    plot.current?.redraw(false)
  })

  return <div class="graph" role="img" aria-label={label} ref={frame} />
}

/** Between two labels of the time, in seconds. */
const TIME_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]

function options(
  colour: string,
  size: { width: number; height: number },
  shown: () => Curve,
  point: GraphProps['onPoint'],
): UPlot.Options {
  const rem = parseFloat(rootStyle().fontSize)
  const paths = UPlot.paths.stepped?.({ align: 1 })
  const steps: UPlot.Series = { width: 1.5, points: { show: false }, ...(paths && { paths }) }
  const axis: UPlot.Axis = {
    stroke: cssColour('--quiet'),
    // A whole number: uPlot scales only the digits just before "px" to the pixels of the screen.
    font: `${Math.round(0.75 * rem)}px system-ui, sans-serif`,
    grid: { stroke: cssColour('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    ...size,
    // Room for the last label of the time.
    padding: [rem / 2, 1.5 * rem, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: () => [0, top(shown())] } },
    axes: [
      { ...axis, space: 5 * rem, incrs: TIME_STEPS_S, values: '{HH}:{mm}:{ss}', size: 2 * rem },
      { ...axis, size: 3 * rem, space: 2 * rem },
    ],
    series: [
      {},
      { stroke: cssColour(colour), width: 2, points: { show: false } },
      { ...steps, stroke: cssColour('--hasher') },
      { ...steps, stroke: cssColour('--limit'), dash: [6 * devicePixelRatio, 5 * devicePixelRatio] },
    ],
    hooks: {
      setCursor: [({ cursor, data }) => point(pointAt(data, cursor.idx))],
    },
  }
}

function pointAt([x, y]: UPlot.AlignedData, index: number | null | undefined): Point | undefined {
  const at = x[index ?? -1]
  return at === undefined ? undefined : { at, speed: y?.[index ?? -1] ?? null }
}

function rootStyle(): CSSStyleDeclaration {
  return getComputedStyle(document.documentElement)
}

/** Read when something is drawn, as a theme may have been chosen meanwhile. */
function cssColour(name: string): () => string {
  return () => rootStyle().getPropertyValue(name)
}

/** The height of the scale: room above the curve, and for the capacity unless it is so far off that the curve would lie flat. */
function top({ highest, limit }: Curve): number {
  return 1.15 * Math.max(highest, limit < 5 * highest ? limit : 0, 0.1)
}
