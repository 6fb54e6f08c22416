import { effect, signal } from '@preact/signals'

import { classicSpeed, type Totals } from './classic.ts'
import { createChoice } from './live.ts'

const POLL_MS = 1000
/** As many as the longest graph shows. */
const KEEP = 3600

export const classicView = createChoice('classic', ['off', 'on'])

/** What the classic's page would have drawn since the view was switched on: moments (seconds since the epoch), speeds, gaps. */
export const classicPoints = signal<{ at: number; speed: number | null }[]>([])

effect(() => {
  if (classicView.value === 'off') return undefined
  let before: Totals | undefined
  const timer = setInterval(async () => {
    const after = await readTotals()
    const speed = before && after ? classicSpeed(before, after) : undefined
    const at = after?.now ?? Date.now() / 1000
    // Later ones are from before the clock was set back.
    const earlier = classicPoints.value.filter((point) => point.at < at)
    classicPoints.value = [...earlier.slice(1 - KEEP), { at, speed: speed ?? null }]
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
