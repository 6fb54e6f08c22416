import { effect, signal } from '@preact/signals'
import { useState } from 'preact/hooks'

import type { Snapshot } from '../src/api.ts'
import { formatPart, formatRate } from '../src/format.ts'
import { currentPlan, measureSince, NOTHING, predictLimit, predictSpeed, unpredictable } from '../src/plan.ts'
import { describeRestart, findCommands, type Plan } from '../src/scale-command.ts'
import { CommandBox } from './command-box.tsx'
import { Help } from './help.tsx'
import { snapshot } from './page-state.ts'

/** What the viewer changed, and what ran of it then; undefined while the planner follows what runs. */
const chosen = signal<{ to: Partial<Plan>; from: Partial<Plan> } | undefined>(undefined)
/** The speed that was predicted before what the viewer changed began to change. */
const promised = signal<number | null>(null)
/** Since when the chosen plan runs, in the server's time. */
const reachedAt = signal<number | undefined>(undefined)

effect(() => {
  if (!snapshot.value || !chosen.value) {
    reachedAt.value = undefined
    return
  }
  const { now, pipeline } = snapshot.value
  const { to, from } = chosen.value
  const current = currentPlan(pipeline)
  reachedAt.value = contains(current, to) ? (reachedAt.peek() ?? now) : undefined
  if (contains(current, from)) promised.value = predictSpeed({ ...current, ...to }, pipeline)
})

/** The least and largest value, and the end of the slider, which is longer where more runs. */
const fields: readonly [name: keyof Plan, text: string, min: number, slider: number, max: number][] = [
  ['workers', 'workers', 1, 20, 100],
  ['loops', 'loops each', 1, 10, 100],
  ['rng', 'rng', 1, 10, 100],
  ['hasher', 'hasher', 1, 10, 100],
  ['delayMs', 'pause, ms', 0, 200, 10_000],
]

/** Predicts the speed of another setup, beside the measured one, and the command for it. */
export function Planner() {
  const now = snapshot.value
  const current = now ? currentPlan(now.pipeline) : NOTHING
  const plan = { ...current, ...chosen.value?.to }
  const isOff = Math.min(current.workers, current.rng, current.hasher) === 0
  const choose = (name: keyof Plan, value: number) => {
    const to = { ...chosen.value?.to, [name]: value }
    const from = Object.fromEntries(Object.keys(to).map((key) => [key, current[key as keyof Plan]]))
    chosen.value = contains(current, to) ? undefined : { to, from }
  }
  return (
    <div class="planner" role="group" aria-labelledby="planner-title">
      <div class="fields">
        <header>
          <h3 id="planner-title">What if?</h3>
          <Help title="What if?">
            Predicted by operational laws: loops ÷ the time of a unit without waiting, but at most what the replicas of
            rng and hasher serve at the times measured now.
          </Help>
          <button
            type="button"
            class="link"
            title="To what runs now"
            disabled={!chosen.value}
            onClick={() => (chosen.value = undefined)}
          >
            Reset
          </button>
        </header>
        {fields.map(([name, text, min, slider, max]) => (
          <Field
            key={name}
            text={text}
            value={plan[name]}
            min={min}
            slider={Math.min(max, Math.max(slider, 2 * current[name]))}
            max={max}
            isOff={isOff}
            onChange={(value) => choose(name, value)}
          />
        ))}
      </div>
      {now && <Prediction now={now} current={current} plan={plan} isOff={isOff} />}
    </div>
  )
}

function contains(plan: Plan, part: Partial<Plan>): boolean {
  return fields.every(([name]) => part[name] === undefined || part[name] === plan[name])
}

interface FieldProps {
  text: string
  value: number
  min: number
  slider: number
  max: number
  isOff: boolean
  onChange: (value: number) => void
}

function Field({ text, value, min, slider, max, isOff, onChange }: FieldProps) {
  /** Whether the field is empty because a number is being typed. */
  const [isEmpty, setEmpty] = useState(false)
  const change = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    const { valueAsNumber } = currentTarget
    setEmpty(Number.isNaN(valueAsNumber))
    if (Number.isNaN(valueAsNumber)) return
    const bounded = Math.min(max, Math.max(min, Math.round(valueAsNumber)))
    // At once, so that the field never shows a number that does not count.
    if (bounded !== valueAsNumber) currentTarget.value = `${bounded}`
    onChange(bounded)
  }
  return (
    <label>
      <span>{text}</span>
      <input type="range" min={min} max={slider} value={value} disabled={isOff} onInput={change} />
      <input
        type="number"
        aria-label={`${text}, as a number`}
        title={`${min} to ${max}`}
        min={min}
        max={max}
        value={isOff || isEmpty ? '' : value}
        disabled={isOff}
        onInput={change}
        onBlur={() => setEmpty(false)}
      />
    </label>
  )
}

function Prediction({ now, current, plan, isOff }: { now: Snapshot; current: Plan; plan: Plan; isOff: boolean }) {
  const { pipeline, history } = now
  const predicted = isOff ? null : ((chosen.value && promised.value) ?? predictSpeed(plan, pipeline))
  if (predicted === null)
    return (
      <p class="prediction">
        {unpredictable(pipeline) ?? 'A prediction needs a few seconds of reports from a running worker.'}
      </p>
    )
  if (reachedAt.value !== undefined)
    return <Outcome predicted={predicted} measured={measureSince(reachedAt.value, history)} />
  const measured = history.speeds.at(-1) ?? pipeline.worker.perSecond * pipeline.hashesPerUnit
  const commands = findCommands(now, current, plan)
  const restart = describeRestart(now, current, plan)
  return (
    <>
      <p class="prediction">
        now <strong>{formatRate(measured)}</strong> → predicted <output>{formatRate(predicted)}</output> hashes per
        second{chosen.value && `, ${predictLimit(plan, pipeline)}`}
      </p>
      {commands.length > 0 ? (
        <>
          <CommandBox commands={commands} label="Makes it so" />
          {restart && <p class="more">{restart}</p>}
        </>
      ) : (
        <p class="hint">
          {chosen.value ? 'Scale it where you started it.' : 'Predict first: move a slider, then run the command.'}
        </p>
      )}
    </>
  )
}

/** What was predicted beside what came. */
function Outcome({ predicted, measured }: { predicted: number; measured: number | undefined }) {
  return (
    <>
      <p class="prediction">
        predicted <strong>{formatRate(predicted)}</strong> → measured{' '}
        <output>{measured === undefined ? '…' : formatRate(measured)}</output> hashes per second
      </p>
      <p class="hint">
        {measured === undefined
          ? 'It runs. The speed settles within a few seconds.'
          : `The prediction is ${formatPart(Math.abs(predicted / measured - 1))} off. Move a slider for the next one.`}
      </p>
    </>
  )
}
