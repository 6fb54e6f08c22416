import { signal } from '@preact/signals'

import type { Mark } from '../src/api.ts'
import { formatRate, formatTime } from '../src/format.ts'
import { Choice } from './choice.tsx'
import type { Part } from './compare.ts'
import { saveCsv, savePng } from './export-graph.ts'
import { classicView, comparison, minutes, readSeconds, scene } from './graph-state.ts'
import { speedAt, type GraphView } from './graph-view.ts'
import { chartCanvas, Graph } from './graph.tsx'
import { Help } from './help.tsx'
import { pin, setPin } from './pin.ts'
import { summarize, type Summary } from './series.ts'

const TABLE_ROWS = 10

const minuteOptions = (['1', '5', '15', '60'] as const).map((count) => [count, `${count} min`] as const)
const isTableOpen = signal(false)

/** The measured speed, the capacity, what changed, and the speed as the classic's page drew it. */
export function SpeedOverTime() {
  const { view, marks } = scene.value
  const isClassic = classicView.value === 'on'
  return (
    <section class="graphs" aria-labelledby="graphs-title">
      <header>
        <h2 id="graphs-title">Speed over time</h2>
        <Help title="Speed over time">
          Each worker reports how many hashes it made, and from when to when. The graph is their sum, second by second,
          in hashes per second. The dashed line is the capacity of what ran at that time.
        </Help>
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
        <Help title="Classic view">
          The classic’s page reads the counter once per second and divides by the time between. A worker moves the
          counter once per second too, by several hashes at once, and the two intervals beat against each other: a
          saw-tooth, although the work is steady.
        </Help>
      </header>
      <figure>
        <Graph scene={scene.value} label={describe(view, marks)} />
        <figcaption>
          <Legend view={view} />
          <Compare hasMarks={marks.some(({ at }) => at >= view.from)} />
        </figcaption>
      </figure>
      <Export view={view} />
      <details onToggle={({ currentTarget }) => (isTableOpen.value = currentTarget.open)}>
        <summary>Show as a table</summary>
        {isTableOpen.value && <SpeedTable view={view} marks={marks} />}
      </details>
    </section>
  )
}

function Export({ view }: { view: GraphView }) {
  const toPng = () => chartCanvas.value && void savePng(chartCanvas.value, view, 'DockerCoins: speed over time')
  return (
    <div class="export">
      <button type="button" aria-label="Save the graph as PNG" onClick={toPng}>
        PNG
      </button>
      <button type="button" aria-label="Save the figures as CSV" onClick={() => saveCsv(view, readSeconds(view))}>
        CSV
      </button>
    </div>
  )
}

/** Names the curves. */
function Legend({ view }: { view: GraphView }) {
  const keys = [
    ['measured', view.bucket > 1 ? `speed, mean and range of ${view.bucket} s` : 'measured speed', true],
    ['capacity', 'capacity', view.capacity.some((level) => level !== null)],
    ['foreign', 'workers that do not report', view.total.some((speed) => speed !== null)],
    ['classic', 'as the classic drew it', classicView.value === 'on'],
  ] as const
  return (
    <span class="legend">
      {keys.map(
        ([name, text, isShown]) =>
          isShown && (
            <span key={name} class={`key ${name}`}>
              {text}
            </span>
          ),
      )}
    </span>
  )
}

/** The mean speeds before and after the pin, side by side, and what changed there. */
function Compare({ hasMarks }: { hasMarks: boolean }) {
  if (pin.value === undefined) {
    const place = hasMarks ? 'a mark' : 'the graph'
    return <span class="compare">{`Click ${place} to compare before and after.`}</span>
  }
  const { changes = [], before, after } = comparison.value ?? {}
  const what = changes.map(({ text }) => text).join(', ') || `No change at ${formatTime(pin.value)}`
  return (
    <span class="compare" role="status">
      <span class="what" title={what}>
        {what}
      </span>
      {before && after ? <Means before={before} after={after} /> : missing(before)}
      <button type="button" onClick={() => setPin(undefined)}>
        Unpin
      </button>
    </span>
  )
}

function Means({ before, after }: { before: Part; after: Part }) {
  const lengths = [before, after].map(({ from, until }) => `${until - from} s`)
  return (
    <>
      <strong>
        {formatRate(before.mean)} → {formatRate(after.mean)}
      </strong>
      {before.mean > 0 && <strong class="ratio">× {formatRatio(after.mean / before.mean)}</strong>}
      <small>{`means of ${lengths.join(' and ')}`}</small>
    </>
  )
}

function missing(before: Part | undefined): string {
  return before ? 'Too few seconds after the pin, so far.' : 'Too few seconds before the pin.'
}

/** 3.0, 0.33, 12 */
function formatRatio(ratio: number): string {
  return ratio < 0.995 ? ratio.toFixed(2) : ratio.toFixed(ratio < 9.95 ? 1 : 0)
}

function SpeedTable({ view, marks }: { view: GraphView; marks: Mark[] }) {
  const parts = summarize(view.from, readSeconds(view).measured, Math.ceil((view.until - view.from) / TABLE_ROWS))
  return (
    <table>
      <caption>Measured speed, hashes per second</caption>
      <thead>
        <tr>
          {['From', 'Mean', 'Lowest', 'Highest', 'What changed'].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {parts.map((part, index) => (
          <tr key={part.from}>
            <th scope="row">{formatTime(part.from)}</th>
            {[part.mean, part.lowest, part.highest].map((speed, column) => (
              <td key={column}>{speed === undefined ? 'not known' : formatRate(speed)}</td>
            ))}
            <td>{marksOf(part, parts[index + 1], marks)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** "14:03:07 workers 1 → 10" */
function marksOf({ from }: Summary, next: Summary | undefined, marks: Mark[]): string {
  return marks
    .filter(({ at }) => at >= from && at < (next?.from ?? Infinity))
    .map(({ at, text }) => `${formatTime(at)} ${text}`)
    .join('; ')
}

/** The graph in words. */
function describe(view: GraphView, marks: Mark[]): string {
  const isClassic = classicView.value === 'on'
  const what = isClassic ? 'Measured speed, and the speed as the classic drew it,' : 'Measured speed'
  const title = `${what} since ${formatTime(view.from)}`
  const speeds = view.x.map((_, index) => speedAt(view, index))
  const newest = marks.at(-1)
  const capacity = view.capacity.findLast((level) => level !== null)
  const facts = [
    `${title}: ${range(speeds) ?? 'nothing is known yet'}.`,
    capacity ? `The capacity is ${formatRate(capacity)}.` : '',
    isClassic ? `The classic drew ${range(view.classic) ?? 'nothing yet'}.` : '',
    newest && newest.at >= view.from ? `Last change at ${formatTime(newest.at)}: ${newest.text}.` : '',
    'Arrow keys read it, Enter pins a moment, Escape unpins it.',
  ]
  return facts.filter(Boolean).join(' ')
}

function range(figures: (number | null)[]): string | undefined {
  const [{ mean, lowest = 0, highest = 0 } = {}] = summarize(0, figures, figures.length || 1)
  if (mean === undefined) return undefined
  return `${formatRate(mean)} hashes per second on average, ${formatRate(lowest)} at least, ${formatRate(highest)} at most`
}
