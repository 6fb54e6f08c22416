import { useSignalEffect, type ReadonlySignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'

import { theme } from './choice.tsx'

export interface Curve {
  /** Moments in seconds since the epoch, and a speed or a gap for each. */
  x: number[]
  y: (number | null)[]
  /** For each moment, drawn as steps: the speed of workers that do not report, and the capacity. */
  foreign: (number | null)[]
  capacity: (number | null)[]
  /** The visible time. */
  from: number
  until: number
  /** Height of the scale, hashes per second. */
  top: number
}

export interface Point {
  at: number
  speed: number | null
}

export interface GraphProps {
  curve: ReadonlySignal<Curve>
  /** CSS custom property with the colour of the curve. */
  colour: string
  /** The graph in words, because it is a picture. */
  label: string
  /** Gets the point under the pointer, or undefined. */
  onPoint: (point: Point | undefined) => void
}

/** Steps between two labels of the time, seconds. */
const TIME_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]

// Registered colours are computed, so that a canvas gets a colour and not light-dark().
for (const name of ['--measured', '--classic', '--capacity', '--hasher', '--quiet', '--rule']) {
  CSS.registerProperty({ name, syntax: '<color>', inherits: true, initialValue: 'black' })
}

/** A curve over time. */
export function Graph({ curve, colour, label, onPoint }: GraphProps) {
  const frame = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)

  useEffect(() => {
    const parent = frame.current
    if (!parent) return undefined
    const size = () => ({ width: parent.clientWidth, height: parent.clientHeight })
    const chart = new UPlot({ ...options(curve, colour, onPoint), ...size() }, [[], [], [], []], parent)
    plot.current = chart
    const resized = new ResizeObserver(() => chart.setSize(size()))
    resized.observe(parent)
    return () => {
      resized.disconnect()
      chart.destroy()
    }
  }, [])

  useSignalEffect(() => {
    const { x, y, foreign, capacity, from, until } = curve.value
    const chart = plot.current
    chart?.batch(() => {
      chart.setData([x, y, foreign, capacity], false)
      chart.setScale('x', { min: from, max: until })
    })
  })

  useSignalEffect(() => {
    void theme.value
    plot.current?.redraw(false)
  })

  return <div class="graph" role="img" aria-label={label} ref={frame} />
}

function options(
  curve: ReadonlySignal<Curve>,
  colour: string,
  onPoint: GraphProps['onPoint'],
): Omit<UPlot.Options, 'width' | 'height'> {
  const rem = parseFloat(rootStyle().fontSize)
  const paths = UPlot.paths.stepped?.({ align: 1 })
  const steps: UPlot.Series = { width: 1.5, points: { show: false }, ...(paths && { paths }) }
  const axis: UPlot.Axis = {
    stroke: cssColour('--quiet'),
    // A whole number: uPlot scales only the digits just before "px" to the pixels of the screen.
    font: `${Math.round(0.75 * rem)}px system-ui, sans-serif`,
    grid: { stroke: cssColour('--rule'), width: 1 },
    ticks: { show: false },
  }
  return {
    // Space for the last label of the time.
    padding: [rem / 2, 2 * rem, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: () => [0, curve.peek().top] } },
    axes: [
      { ...axis, space: 5 * rem, incrs: TIME_STEPS_S, values: '{HH}:{mm}:{ss}', size: 2 * rem },
      { ...axis, size: 3 * rem, space: 2 * rem },
    ],
    series: [
      {},
      { stroke: cssColour(colour), width: 2, points: { show: false } },
      { ...steps, stroke: cssColour('--hasher') },
      { ...steps, stroke: cssColour('--capacity'), dash: [6 * devicePixelRatio, 5 * devicePixelRatio] },
    ],
    hooks: { setCursor: [({ cursor, data }) => onPoint(pointAt(data, cursor.idx))] },
  }
}

function pointAt([x, y]: UPlot.AlignedData, index: number | null | undefined): Point | undefined {
  const at = x[index ?? -1]
  return at === undefined ? undefined : { at, speed: y?.[index ?? -1] ?? null }
}

function rootStyle(): CSSStyleDeclaration {
  return getComputedStyle(document.documentElement)
}

/** Read at each redraw, because the theme may have changed. */
function cssColour(name: string): () => string {
  return () => rootStyle().getPropertyValue(name)
}
