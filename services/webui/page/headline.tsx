import { formatCount, formatRate, known } from '../src/format.ts'
import { snapshot } from './page-state.ts'

/** The speed now, large, and the totals. */
export function Headline() {
  const { hashes, coins, history, pipeline } = snapshot.value ?? {}
  const foreign = pipeline?.foreignSpeed ?? 0
  const measured = history?.speeds.at(-1) ?? undefined
  const speed = foreign > 0 ? (measured ?? 0) + foreign : measured
  const capacity = pipeline?.capacity ? Math.max(pipeline.capacity, speed ?? 0) : undefined
  const rows: Row[] = [
    ['Hashes', known(hashes, formatCount)],
    ['Coins', known(coins, formatCount)],
    ['Capacity', known(capacity, perSecond)],
    ['Workers', known(pipeline?.worker.count, formatCount)],
  ]
  if (foreign > 0) rows.push(['Workers that do not report', perSecond(foreign)])
  return (
    <section class="speed" aria-label="Speed and totals">
      <p class="now">
        <strong>{known(speed, formatRate)}</strong> <span>hashes per second</span>
      </p>
      <Figures rows={rows} />
    </section>
  )
}

export type Row = readonly [name: string, value: string]

/** Names and values. */
export function Figures({ rows }: { rows: Row[] }) {
  return (
    <dl>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function perSecond(rate: number): string {
  return `${formatRate(rate)}/s`
}
