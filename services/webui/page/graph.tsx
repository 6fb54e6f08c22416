import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'

import { formatRate, formatTime } from '../src/format.ts'
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

/** Steps between two labels of the time, seconds. */
const TIME_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]

// Registered colours are computed, so that a canvas gets a colour and not light-dark().
for (const name of ['--measured', '--classic', '--capacity', '--hasher', '--quiet', '--rule']) {
  CSS.registerProperty({ name, syntax: '<color>', inherits: true, initialValue: 'black' })
}

/** The time and the speed under the pointer. */
export const pointed = signal('')

/** A curve over time. `colour` is a CSS custom property, and `label` has the picture in words. */
export function Graph({ curve, colour, label }: { curve: Curve; colour: string; label: string }) {
  const frame = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(null)
  const newest = useRef(curve)
  newest.current = curve
  // The colours are read at each drawing.
  void theme.value

  useEffect(() => {
    const parent = frame.current!
    const size = () => ({ width: parent.clientWidth, height: parent.clientHeight })
    const chart = new UPlot({ ...options(colour, newest), ...size() }, [[], [], [], []], parent)
    plot.current = chart
    const resized = new ResizeObserver(() => chart.setSize(size()))
    resized.observe(parent)
    return () => {
      resized.disconnect()
      chart.destroy()
    }
  }, [])

  useEffect(() => {
    const { x, y, foreign, capacity, from, until } = curve
    const chart = plot.current
    chart?.batch(() => {
      chart.setData([x, y, foreign, capacity], false)
      chart.setScale('x', { min: from, max: until })
    })
  })

  return <div class="graph" role="img" aria-label={label} ref={frame} />
}

function options(colour: string, newest: { current: Curve }): Omit<UPlot.Options, 'width' | 'height'> {
  const rem = parseFloat(rootStyle().fontSize)
  const steps: UPlot.Series = { width: 1.5, points: { show: false }, paths: UPlot.paths.stepped!({ align: 1 }) }
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
    scales: { y: { range: () => [0, newest.current.top] } },
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
    hooks: { setCursor: [showPoint] },
  }
}

function showPoint({ cursor: { idx }, data: [x, y] }: UPlot): void {
  const [at = 0, speed] = [x[idx ?? -1], y?.[idx ?? -1] ?? null]
  pointed.value = speed === null ? '' : `${formatTime(at)}: ${formatRate(speed)}/s`
}

function rootStyle(): CSSStyleDeclaration {
  return getComputedStyle(document.documentElement)
}

/** Read at each redraw, because the theme may have changed. */
function cssColour(name: string): () => string {
  return () => rootStyle().getPropertyValue(name)
}
