import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'

import type { Snapshot } from '../src/api.ts'
import { formatRate } from '../src/format.ts'
import { currentPlan, planCommands, predictSpeed, type Plan } from '../src/plan.ts'
import { CommandBox } from './command-box.tsx'
import { Help } from './help.tsx'
import { snapshot } from './page-state.ts'
import { findLimit } from './plan-limit.ts'

/** The plan that the viewer made; undefined while the planner follows what runs. */
const chosen = signal<Plan | undefined>(undefined)

/** The least and largest value, and the end of the slider, which is longer where more runs. */
const fields: readonly [name: keyof Plan, text: string, min: number, slider: number, max: number][] = [
  ['workers', 'workers', 1, 20, 100],
  ['loops', 'loops each', 1, 10, 100],
  ['rng', 'rng', 1, 10, 100],
  ['hasher', 'hasher', 1, 10, 100],
  ['delayMs', 'pause, ms', 0, 200, 10_000],
]

const nothing: Plan = { workers: 0, loops: 1, rng: 0, hasher: 0, delayMs: 0 }

/** Predicts the speed of another setup, beside the measured one, and the command for it. */
export function Planner() {
  const now = snapshot.value
  const current = now ? currentPlan(now.pipeline) : nothing
  const plan = chosen.value ?? current
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
            value={Math.round(plan[name])}
            min={min}
            slider={Math.min(max, Math.max(slider, 2 * Math.round(current[name])))}
            max={max}
            isOff={!now}
            onChange={(value) => (chosen.value = { ...plan, [name]: value })}
          />
        ))}
      </div>
      {now && <Prediction now={now} current={current} plan={plan} />}
    </div>
  )
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
  /** What is being typed, which may be empty or out of bounds until the field is left. */
  const [draft, setDraft] = useState<string>()
  const change = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    const { valueAsNumber } = currentTarget
    if (Number.isFinite(valueAsNumber)) onChange(Math.min(max, Math.max(min, Math.round(valueAsNumber))))
  }
  return (
    <label>
      <span>{text}</span>
      <input type="range" min={min} max={slider} value={value} disabled={isOff} onInput={change} />
      <input
        type="number"
        aria-label={`${text}, as a number`}
        min={min}
        max={max}
        value={isOff ? '' : (draft ?? value)}
        disabled={isOff}
        onInput={(event) => {
          setDraft(event.currentTarget.value)
          change(event)
        }}
        onBlur={() => setDraft(undefined)}
      />
    </label>
  )
}

function Prediction({ now, current, plan }: { now: Snapshot; current: Plan; plan: Plan }) {
  const { pipeline, history, platform } = now
  const predicted = predictSpeed(plan, pipeline)
  const measured = history.speeds.at(-1) ?? pipeline.worker.perSecond * pipeline.hashesPerUnit
  if (predicted === null)
    return <p class="prediction">A prediction needs a few seconds of reports from a running worker.</p>
  const isSame = fields.every(([name]) => Math.round(plan[name]) === Math.round(current[name]))
  const commands = isSame ? [] : planCommands(platform, current, plan)
  return (
    <>
      <p class="prediction">
        now <strong>{formatRate(measured)}</strong> → predicted <output>{formatRate(predicted)}</output> hashes per
        second, limited by {findLimit(plan, pipeline)}
      </p>
      {commands.length > 0 ? (
        <CommandBox commands={commands} label="Makes it so" />
      ) : (
        <p class="hint">
          {isSame ? 'Predict first: move a slider, then run the command.' : 'Scale it where you started it.'}
        </p>
      )}
    </>
  )
}
