import { formatCount, formatRate } from './format.ts'
import { snapshot } from './live.ts'

/** The speed now, large, and what came of it so far. */
export function Speed() {
  const shown = snapshot.value
  const speed = shown?.speeds.at(-1)
  return (
    <section class="speed" aria-label="Speed and totals">
      <p class="now">
        <strong>{speed === undefined ? '–' : formatRate(speed)}</strong> <span>hashes a second</span>
      </p>
      <dl>
        <Figure name="Hashes" value={shown && formatCount(shown.hashes)} />
        <Figure name="Coins" value={shown && formatCount(shown.coins)} />
        <Figure
          name="Theory allows"
          value={shown && shown.pipeline.limit > 0 ? `${formatRate(shown.pipeline.limit)}/s` : undefined}
        />
        <Figure name="Workers" value={shown && formatCount(shown.pipeline.worker.replicas.length)} />
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
