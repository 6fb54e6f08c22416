import { formatCount, formatRate } from './format.ts'
import { snapshot } from './live.ts'

/** The speed now, large, and what came of it so far. */
export function Speed() {
  const shown = snapshot.value
  const foreign = shown?.foreignSpeed ?? 0
  const measured = shown?.speeds.at(-1) ?? undefined
  const speed = foreign > 0 ? (measured ?? 0) + foreign : measured
  const capacity = shown?.capacity
  return (
    <section class="speed" aria-label="Speed and totals">
      <p class="now">
        <strong>{speed === undefined ? '–' : formatRate(speed)}</strong> <span>hashes per second</span>
      </p>
      <dl>
        <Figure name="Hashes" value={shown && formatCount(shown.hashes)} />
        <Figure name="Coins" value={shown && formatCount(shown.coins)} />
        <Figure name="Capacity" value={capacity ? `${formatRate(Math.max(capacity, speed ?? 0))}/s` : undefined} />
        <Figure name="Workers" value={shown && formatCount(shown.pipeline.worker.count)} />
        {foreign > 0 && <Figure name="Workers that do not report" value={`${formatRate(foreign)}/s`} />}
      </dl>
    </section>
  )
}

function Figure({ name, value = '–' }: { name: string; value?: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
