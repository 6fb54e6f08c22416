import { render } from 'preact'

import './page.css'

import { Choice } from './choice.tsx'
import { Coins } from './coins.tsx'
import { Graphs } from './graphs.tsx'
import { listen, state } from './live.ts'
import { PipelinePicture } from './pipeline.tsx'
import { Speed } from './speed.tsx'
import { theme } from './theme-choice.ts'

function Page() {
  const { kind, title, text } = state.value
  return (
    <>
      <header class="top">
        <h1>DockerCoins</h1>
        <p class={`state ${kind}`} role="status">
          <strong>{title}</strong> <span>{text}</span>
        </p>
        <Choice
          label="Theme"
          choice={theme}
          options={[
            ['system', 'Auto'],
            ['light', 'Light'],
            ['dark', 'Dark'],
          ]}
        />
      </header>
      <main class={kind}>
        <Speed />
        <Graphs />
        <PipelinePicture />
        <Coins />
      </main>
    </>
  )
}

listen()
render(<Page />, document.body)
