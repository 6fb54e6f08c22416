import { render } from 'preact'

import { Choice, theme } from './choice.tsx'
import { Headline } from './headline.tsx'
import { LatestCoins } from './latest-coins.tsx'
import { connectWhileVisible, status } from './page-state.ts'
import { PipelinePanel } from './pipeline.tsx'
import { SpeedOverTime } from './speed-over-time.tsx'
import { VerdictCard } from './verdict.tsx'

const themes = [
  ['system', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

function Page() {
  const { kind, title, text } = status.value
  return (
    <>
      <header class="top">
        <h1>DockerCoins</h1>
        <p class={`state ${kind}`} role="status">
          <strong>{title}</strong> <span>{text}</span>
        </p>
        <Choice label="Theme" choice={theme} options={themes} />
      </header>
      <main class={kind}>
        <Headline />
        <VerdictCard />
        <SpeedOverTime />
        <PipelinePanel />
        <LatestCoins />
      </main>
    </>
  )
}

// This script is in the head, so that a chosen theme applies before the first paint.
document.addEventListener('DOMContentLoaded', () => {
  connectWhileVisible()
  render(<Page />, document.body)
})
