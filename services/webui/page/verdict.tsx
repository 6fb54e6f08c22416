import type { VerdictState } from '../src/api.ts'
import { CommandBox } from './command-box.tsx'
import { Help } from './help.tsx'
import { snapshot } from './page-state.ts'

/** A longer verdict is set smaller, so that it fits where the others do. Characters. */
const DENSE = 190

type Tone = 'quiet' | 'calm' | 'attention' | 'alarm'

const titles: Record<VerdictState, readonly [title: string, tone: Tone]> = {
  early: ['Too early to tell', 'quiet'],
  well: ['Working well', 'calm'],
  worker: ['Limited by workers', 'calm'],
  rng: ['Limited by rng', 'attention'],
  hasher: ['Limited by hasher', 'attention'],
  machine: ['Limited by the machine', 'attention'],
  'back-pressure': ['Back-pressure', 'alarm'],
  'not-responding': ['Not responding', 'alarm'],
  foreign: ['Not known', 'quiet'],
  stuck: ['Stuck', 'alarm'],
  idle: ['No worker', 'attention'],
}

/** What limits the speed, one figure as evidence, and the command that raises it. */
export function VerdictCard() {
  const { verdict } = snapshot.value ?? {}
  const [title, tone] = verdict ? titles[verdict.state] : (['What limits the speed', 'quiet'] as const)
  const length = [verdict?.sentence, verdict?.command, verdict?.more].join('').length
  return (
    <section class={`verdict ${tone} ${length > DENSE ? 'dense' : ''}`} aria-labelledby="verdict-title">
      <header>
        <h2 id="verdict-title">{title}</h2>
        <Help title="What limits the speed">
          Workers report how long their requests wait, are served and travel. The service in whose queue they wait long
          is the bottleneck; where none is, more workers raise the speed.
        </Help>
        {verdict?.evidence && <Evidence text={verdict.evidence} />}
      </header>
      <p class="sentence" aria-live="polite">
        {verdict?.sentence ?? 'Waiting for the first numbers.'}
      </p>
      {verdict?.command && <CommandBox commands={[verdict.command]} label="Raises the speed" />}
      {verdict?.more && <p class="more">{verdict.more}</p>}
    </section>
  )
}

/** A figure with its words; the first number is set large. */
function Evidence({ text }: { text: string }) {
  const [, before, figure, after] = /^(\D*)(\d[\d.,]*(?:\s?(?:%|ms|s|\/s)(?!\w))?)?(.*)$/.exec(text) ?? []
  return (
    <p class="evidence">
      {before}
      <strong>{figure}</strong>
      {after}
    </p>
  )
}
