import { formatAge, formatCount, formatPart, formatRate, known } from '../src/format.ts'
import { Help } from './help.tsx'
import { serverNow, snapshot, status } from './page-state.ts'

/** From so many characters on, the speed is written smaller. */
const LONG = 6

/** The speed now, very large, and the totals. */
export function Headline() {
  const { hashes, coins, history, pipeline } = snapshot.value ?? {}
  const foreign = pipeline?.foreignSpeed ?? 0
  const measured = history?.speeds.at(-1) ?? undefined
  const speed = foreign > 0 ? (measured ?? 0) + foreign : measured
  const capacity = pipeline?.capacity ? Math.max(pipeline.capacity, speed ?? 0) : undefined
  return (
    <section class="headline" aria-label="Speed and totals">
      <p class="now">
        <Speed speed={speed} />{' '}
        <span class="unit-of-speed">
          <span>
            hashes per second{' '}
            <Help title="Hashes per second">
              The speed of the whole application, measured from what the workers recorded in the ledger. It is of the
              newest second that every worker has reported, and so about two seconds old.
            </Help>
          </span>
          <span class="note-of-speed">{noteOfSpeed(speed, foreign, capacity)}</span>
        </span>
      </p>
      <Figures
        rows={[
          ['Hashes', known(hashes, formatCount)],
          ['Capacity', known(capacity, (rate) => `${formatRate(rate)}/s`)],
          ['Coins', known(coins, formatCount)],
          ['Workers', known(pipeline?.worker.count, formatCount)],
        ]}
      />
    </section>
  )
}

/** Each kind is an element of its own: text that grows in place would count as a layout shift. */
function Speed({ speed }: { speed: number | undefined }) {
  if (!snapshot.value)
    return (
      <strong key="skeleton" class="skeleton">
        0.00
      </strong>
    )
  if (speed === undefined)
    return (
      <strong key="no-speed" class="no-speed">
        none yet
      </strong>
    )
  const text = formatRate(speed)
  return (
    <strong key="speed" class={`${text.length >= LONG ? 'long' : ''} ${speed === 0 ? 'zero' : ''}`}>
      {text}
    </strong>
  )
}

/** How old the speed is where it is old, else what is in it. */
function noteOfSpeed(speed: number | undefined, foreign: number, capacity: number | undefined): string {
  const { now } = snapshot.value ?? {}
  if (now === undefined) return ''
  if (status.value.kind === 'lost') return `last known, ${formatAge(serverNow.value - now)} ago`
  if (foreign > 0) return `${formatRate(foreign)} by other workers`
  return speed !== undefined && capacity !== undefined ? `${formatPart(speed / capacity)} of the capacity` : ''
}

export type Row = readonly [name: string, value: string]

/** Names and values. */
export function Figures({ rows }: { rows: readonly Row[] }) {
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
