import { computed, signal } from '@preact/signals'

import { Choice } from './choice.tsx'
import { classicPoints, classicView } from './classic-live.ts'
import { formatRate, formatTime } from './format.ts'
import { Graph, type Curve, type Point } from './graph.tsx'
import { capacitySeries, createChoice, foreignSeries, series, serverNow, seriesVersion } from './live.ts'
import { raise, summarize } from './series.ts'

/** The newest seconds are not settled yet, so that the graph ends a little before now. */
const LAG_S = 2
const TABLE_ROWS = 10

const minutes = createChoice('minutes', ['5', '1', '15', '60'])

/** Both curves, on the same scales. */
const curves = computed((): Record<'true' | 'classic', Curve> => {
  void seriesVersion.value
  // While the server is away time goes on, and a gap grows at the end.
  const until = Math.max(Math.floor(serverNow.value) - LAG_S, series.until)
  const from = until - 60 * Number(minutes.value)
  const y = series.window(until, until - from)
  const foreign = foreignSeries.window(until, until - from)
  const capacity = raise(capacitySeries.window(until, until - from), y, foreign)
  const points = classicPoints.value.filter(({ at }) => at > from)
  const seconds = points.map(({ at }) => Math.min(Math.floor(at), until - 1) - from)
  const highest = Math.max(...[...y, ...foreign, ...points.map(({ speed }) => speed)].map(Number))
  const frame = { from, until, highest, limit: Math.max(...capacity.map(Number)) }
  return {
    // A bucket's speed is that of a whole second: it stands in its middle.
    true: { x: y.map((_, index) => from + index + 0.5), y, foreign: foreign.map(orGap), capacity, ...frame },
    classic: {
      x: points.map(({ at }) => at),
      y: points.map(({ speed }) => speed),
      foreign: points.map(() => null),
      capacity: seconds.map((second) => capacity[second] ?? null),
      ...frame,
    },
  }
})
/** Without workers that do not report there is no line. */
function orGap(speed: number | null): number | null {
  return speed === 0 ? null : speed
}
/** Under the pointer. */
const pointed = signal<Point | undefined>(undefined)
const point = (under: Point | undefined) => void (pointed.value = under)
const trueCurve = () => curves.value.true
const classicCurve = () => curves.value.classic

/** The speed over time as it is and, where wanted, as the classic's page would have drawn it. */
export function Graphs() {
  const isClassic = classicView.value === 'on'
  return (
    <section class="graphs" aria-labelledby="graphs-title">
      <header>
        <h2 id="graphs-title">Speed over time</h2>
        <Readout />
        <Choice
          label="Minutes shown"
          choice={minutes}
          options={[
            ['1', '1 min'],
            ['5', '5 min'],
            ['15', '15 min'],
            ['60', '60 min'],
          ]}
        />
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            checked={isClassic}
            onChange={() => (classicView.value = isClassic ? 'off' : 'on')}
          />
          <span>Classic view</span>
        </label>
      </header>
      <div class={isClassic ? 'pair' : 'single'}>
        <figure>
          <Graph colour="--true" label={describe('The measured speed', trueCurve())} read={trueCurve} onPoint={point} />
          <figcaption>
            <i class="key true" /> measured speed <i class="key limit" /> capacity of what ran
            {trueCurve().foreign.some((speed) => speed !== null) && (
              <>
                {' '}
                <i class="key foreign" /> workers that do not report
              </>
            )}
          </figcaption>
        </figure>
        {isClassic && (
          <figure>
            <Graph
              colour="--classic"
              label={describe('The speed as the classic drew it', classicCurve())}
              read={classicCurve}
              onPoint={point}
            />
            <figcaption>
              <i class="key classic" /> as the classic drew it. A worker moves the counter once a second or so, by
              several hashes at once, and the classic’s page looked at it once a second by a clock of its own: the two
              beat against each other. So the graph is a saw-tooth although the work is steady; but it shows every
              worker that moves the counter, also one that reports nothing else.
            </figcaption>
          </figure>
        )}
      </div>
      <details>
        <summary>The figures as a table</summary>
        <SpeedTable />
      </details>
    </section>
  )
}

function Readout() {
  const { at, speed } = pointed.value ?? {}
  return (
    <p class="readout">
      {at !== undefined && typeof speed === 'number' && `${formatTime(at)}: ${formatRate(speed)}/s`}
    </p>
  )
}

function SpeedTable() {
  const { from, y } = trueCurve()
  return (
    <table>
      <caption>Measured speed, hashes per second</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">Mean</th>
          <th scope="col">Lowest</th>
          <th scope="col">Highest</th>
        </tr>
      </thead>
      <tbody>
        {summarize(from, y, TABLE_ROWS).map((part, index) => (
          <tr key={index}>
            <th scope="row">{formatTime(part.from)}</th>
            <td>{shown(part.mean)}</td>
            <td>{shown(part.lowest)}</td>
            <td>{shown(part.highest)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function shown(speed: number | undefined): string {
  return speed === undefined ? 'not known' : formatRate(speed)
}

function describe(what: string, { y, capacity }: Curve): string {
  const [all] = summarize(0, y, 1)
  if (all?.mean === undefined) return `${what} over the last ${minutes.value} minutes: nothing is known yet.`
  const { mean, lowest = 0, highest = 0 } = all
  const newest = capacity.findLast((level) => level !== null)
  const most = newest ? ` The capacity is ${formatRate(newest)}.` : ''
  return `${what} over the last ${minutes.value} minutes: ${formatRate(mean)} hashes per second on average, ${formatRate(lowest)} at least, ${formatRate(highest)} at most.${most}`
}
