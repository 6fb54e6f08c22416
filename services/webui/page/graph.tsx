import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import type UPlot from 'uplot'

import { createChart, readRem, sizeOf, updateChart, type Scene } from './graph-chart.ts'
import { colours } from './graph-colours.ts'
import { nearCursor, showPoint, Tip } from './graph-tip.tsx'
import { pin, setPin } from './pin.ts'

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
    const onCursor = (plot: UPlot) => showPoint(plot, newest.current, held.current !== undefined)
    const plot = createChart(parent, () => newest.current, onCursor)
    chart.current = plot
    chartCanvas.value = plot.ctx.canvas
    plot.over.addEventListener('pointermove', () => (held.current = undefined))
    plot.over.addEventListener('click', () => togglePin(plot, newest.current))
    const resized = new ResizeObserver(() => {
      plot.setSize(sizeOf(parent))
      setRem(readRem())
    })
    resized.observe(parent)
    return () => {
      resized.disconnect()
      plot.destroy()
    }
  }, [rem])

  useEffect(() => {
    if (!chart.current) return
    updateChart(chart.current, scene.view)
    if (held.current !== undefined) pointAt(chart.current, held.current)
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
    } else if (event.key === 'Enter') togglePin(plot, scene)
    else if (event.key === 'Escape') {
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
      <Tip view={scene.view} />
    </div>
  )
}

function pointAt(chart: UPlot, at: number): void {
  chart.setCursor({ left: chart.valToPos(at, 'x'), top: 1 })
}

/** Pins the mark under the cursor, or the moment where none is; what is pinned there is unpinned. */
function togglePin(chart: UPlot, { view, marks }: Scene): void {
  const pinned = pin.value === undefined ? [] : [{ at: pin.value }]
  const [near] = [...nearCursor(chart, marks), ...nearCursor(chart, pinned)]
  const at = near?.at ?? view.x[chart.cursor.idx ?? -1]
  if (at === undefined || (chart.cursor.left ?? -1) < 0) return
  setPin(Math.round(at) === pin.value ? undefined : Math.round(at))
}
