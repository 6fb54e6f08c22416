import { computed } from '@preact/signals'

import { formatRate, formatTime } from '../src/format.ts'
import { Choice, createChoice } from './choice.tsx'
import { classicPoints, classicView } from './classic.ts'
import { Graph, pointed, type Curve } from './graph.tsx'
import { series, seriesVersion, serverNow } from './page-state.ts'
import { raise, summarize } from './series.ts'

/** The newest seconds are not settled yet, so the graph ends a little before now. */
const LAG_S = 2
const TABLE_ROWS = 10

const minutes = createChoice('minutes', ['5', '1', '15', '60'])
const minuteOptions = (['1', '5', '15', '60'] as const).map((count) => [count, `${count} min`] as const)

/** Both curves have the same scales. */
const curves = computed((): { measured: Curve; classic: Curve } => {
  void seriesVersion.value
  // While the server is away time goes on, and a gap grows at the end.
  const until = Math.max(Math.floor(serverNow.value) - LAG_S, series.measured.until)
  const length = 60 * Number(minutes.value)
  const from = until - length
  const y = series.measured.window(until, length)
  const foreign = series.foreign.window(until, length)
  const capacity = raise(series.capacity.window(until, length), y, foreign)
  const points = classicPoints.value.filter(({ at }) => at > from)
  const highest = Math.max(...[...y, ...foreign, ...points.map(({ speed }) => speed)].map(Number))
  const highestCapacity = Math.max(...capacity.map(Number))
  // Space above the curve, and for the capacity unless the curve would be flat then.
  const top = 1.15 * Math.max(highest, highestCapacity < 5 * highest ? highestCapacity : 0, 0.1)
  const measured = {
    // The speed of a whole second is drawn in its middle.
    x: y.map((_, index) => from + index + 0.5),
    y,
    // Without workers that do not report there is no curve.
    foreign: foreign.map((speed) => speed || null),
    capacity,
  }
  const classic = {
    x: points.map(({ at }) => at),
    y: points.map(({ speed }) => speed),
    foreign: points.map(() => null),
    capacity: points.map(({ at }) => capacity[Math.min(Math.floor(at), until - 1) - from] ?? null),
  }
  const scales = { from, until, top }
  return { measured: { ...measured, ...scales }, classic: { ...classic, ...scales } }
})

/** The measured speed and, where chosen, the speed as the classic's page would have drawn it. */
export function SpeedOverTime() {
  const { measured, classic } = curves.value
  const isClassic = classicView.value === 'on'
  return (
    <section class="graphs" aria-labelledby="graphs-title">
      <header>
        <h2 id="graphs-title">Speed over time</h2>
        <p class="readout">{pointed}</p>
        <Choice label="Minutes shown" choice={minutes} options={minuteOptions} />
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            checked={isClassic}
            onChange={() => (classicView.value = isClassic ? 'off' : 'on')}
          />
          Classic view
        </label>
      </header>
      <div class="curves">
        <figure>
          <Graph curve={measured} colour="--measured" label={describe('The measured speed', measured)} />
          <figcaption>
            <Key colour="--measured" /> measured speed <Key colour="--capacity" isDashed /> capacity{' '}
            {measured.foreign.some(Boolean) && (
              <>
                <Key colour="--hasher" /> workers that do not report
              </>
            )}
          </figcaption>
        </figure>
        {isClassic && (
          <figure>
            <Graph curve={classic} colour="--classic" label={describe('The speed as the classic drew it', classic)} />
            <figcaption>
              <Key colour="--classic" /> as the classic drew it. A worker moves the counter about once per second, by
              several hashes at once. The classic’s page polls the counter once per second by its own clock, and the two
              intervals beat against each other. So the graph is a saw-tooth although the work is steady. But it
              includes every worker that moves the counter, also one that reports nothing else.
            </figcaption>
          </figure>
        )}
      </div>
      <details>
        <summary>Show as a table</summary>
        <SpeedTable {...measured} />
      </details>
    </section>
  )
}

function Key({ colour, isDashed = false }: { colour: string; isDashed?: boolean }) {
  return <i class="key" style={{ borderColor: `var(${colour})`, borderTopStyle: isDashed ? 'dashed' : 'solid' }} />
}

function SpeedTable({ from, y }: Curve) {
  return (
    <table>
      <caption>Measured speed, hashes per second</caption>
      <thead>
        <tr>
          {['From', 'Mean', 'Lowest', 'Highest'].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {summarize(from, y, TABLE_ROWS).map((part) => (
          <tr key={part.from}>
            <th scope="row">{formatTime(part.from)}</th>
            {[part.mean, part.lowest, part.highest].map((speed, index) => (
              <td key={index}>{speed === undefined ? 'not known' : formatRate(speed)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** A curve in words. */
function describe(what: string, { y, capacity }: Curve): string {
  const title = `${what} over the last ${minutes.value} minutes`
  const [{ mean, lowest = 0, highest = 0 } = {}] = summarize(0, y, 1)
  if (mean === undefined) return `${title}: nothing is known yet.`
  const speeds = `${formatRate(mean)} hashes per second on average, ${formatRate(lowest)} at least, ${formatRate(highest)} at most.`
  const newest = capacity.findLast((level) => level !== null)
  return `${title}: ${speeds}${newest ? ` The capacity is ${formatRate(newest)}.` : ''}`
}
