import { formatCount, formatRate, known } from './format.ts'
import { snapshot } from './page-state.ts'

/** The speed now, large, and the totals. */
export function Headline() {
  const { hashes, coins, speeds, pipeline } = snapshot.value ?? {}
  const foreign = pipeline?.foreignSpeed ?? 0
  const measured = speeds?.at(-1) ?? undefined
  const speed = foreign > 0 ? (measured ?? 0) + foreign : measured
  const capacity = pipeline?.capacity ? Math.max(pipeline.capacity, speed ?? 0) : undefined
  return (
    <section class="speed" aria-label="Speed and totals">
      <p class="now">
        <strong>{known(speed, formatRate)}</strong> <span>hashes per second</span>
      </p>
      <dl>
        <Figure name="Hashes" value={known(hashes, formatCount)} />
        <Figure name="Coins" value={known(coins, formatCount)} />
        <Figure name="Capacity" value={known(capacity, perSecond)} />
        <Figure name="Workers" value={known(pipeline?.worker.count, formatCount)} />
        {foreign > 0 && <Figure name="Workers that do not report" value={perSecond(foreign)} />}
      </dl>
    </section>
  )
}

/** A name and its value, in a `<dl>`. */
export function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function perSecond(rate: number): string {
  return `${formatRate(rate)}/s`
}
