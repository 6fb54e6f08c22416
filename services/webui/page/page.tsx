import { render } from 'preact'

import { CoinsTicker } from './coins-ticker.tsx'
import { Header } from './header.tsx'
import { Headline } from './headline.tsx'
import { connectWhileVisible, status } from './page-state.ts'
import { PipelinePanel } from './pipeline.tsx'
import { Address, isPresenting, listenForPresentKeys } from './present.tsx'
import { SpeedOverTime } from './speed-over-time.tsx'
import { VerdictCard } from './verdict.tsx'

function Page() {
  return (
    <>
      <Header />
      <main class={status.value.kind}>
        <Headline />
        <VerdictCard />
        <SpeedOverTime />
        <PipelinePanel />
        {isPresenting() ? <Address /> : <CoinsTicker />}
      </main>
    </>
  )
}

// This script is in the head, so that a chosen theme applies before the first paint.
document.addEventListener('DOMContentLoaded', () => {
  connectWhileVisible()
  listenForPresentKeys()
  render(<Page />, document.body)
})
