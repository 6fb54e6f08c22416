import { effect, signal } from '@preact/signals'

import type { Totals } from '../src/api.ts'
import { createChoice } from './choice.tsx'
import { classicSpeed } from './series.ts'

const POLL_MS = 1000
/** The longest graph shows this many. */
const KEEP = 3600

export const classicView = createChoice('classic', ['off', 'on'])

/** What the classic's page would have drawn since the view was switched on. */
export const classicPoints = signal<{ at: number; speed: number | null }[]>([])

effect(() => {
  if (classicView.value === 'off') return undefined
  let before: Totals | undefined
  const timer = setInterval(async () => {
    const after = await readTotals()
    const speed = before && after ? classicSpeed(before, after) : null
    const at = after?.now ?? Date.now() / 1000
    // Later points are from before the clock was set back.
    const earlier = classicPoints.value.filter((point) => point.at < at)
    classicPoints.value = [...earlier.slice(1 - KEEP), { at, speed }]
    before = after
  }, POLL_MS)
  return () => {
    clearInterval(timer)
    classicPoints.value = []
  }
})

async function readTotals(): Promise<Totals | undefined> {
  const response = await fetch('json').catch(() => undefined)
  return response?.ok ? ((await response.json()) as Totals) : undefined
}
