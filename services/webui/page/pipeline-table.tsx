import { useState } from 'preact/hooks'

import type { Pipeline, Stage } from '../src/api.ts'
import { formatCount, formatMs, formatPart, formatRate } from '../src/format.ts'
import { snapshot } from './page-state.ts'

/** A button that opens the figures of the pipeline and the names of its replicas. */
export function PipelineTable() {
  const [isOpen, setOpen] = useState(false)
  const { pipeline, ledgerMs } = snapshot.value ?? {}
  return (
    <>
      <button type="button" class="link" popovertarget="pipeline-table" aria-haspopup="dialog">
        Show as a table
      </button>
      <div
        id="pipeline-table"
        class="sheet"
        role="dialog"
        aria-label="The pipeline as a table"
        popover="auto"
        onBeforeToggle={({ newState }) => setOpen(newState === 'open')}
      >
        {isOpen && pipeline && <Tables pipeline={pipeline} ledgerMs={ledgerMs ?? 0} />}
        <button type="button" popovertarget="pipeline-table" popovertargetaction="hide">
          Close
        </button>
      </div>
    </>
  )
}

function Tables({ pipeline, ledgerMs }: { pipeline: Pipeline; ledgerMs: number }) {
  const stages = [
    ['worker', pipeline.worker],
    ['rng', pipeline.rng],
    ['hasher', pipeline.hasher],
  ] as const
  return (
    <>
      <table>
        <caption>Where the time of a unit of work goes</caption>
        <thead>
          <tr>
            {['', 'running', 'per second', 'waiting', 'serving', 'network', 'share', 'busy'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {stages.map(([name, stage]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {figuresOf(name, stage).map((figure, index) => (
                <td key={index}>{figure}</td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">ledger</th>
            <td />
            <td>{formatRate(pipeline.entriesPerSecond)}</td>
            <td />
            <td>{formatMs(ledgerMs)}</td>
            <td colSpan={3}>loops do not wait for it</td>
          </tr>
        </tbody>
      </table>
      <div class="names">
        {stages.map(([name, stage]) => (
          <ReplicaTable key={name} name={name} stage={stage} />
        ))}
      </div>
    </>
  )
}

function figuresOf(name: string, stage: Stage): string[] {
  const { count, perSecond, queueMs, serviceMs, networkMs, share, timed, busy } = stage
  const times = [queueMs, serviceMs, networkMs].map((ms) => formatMs(ms))
  return [
    formatCount(count),
    formatRate(perSecond),
    ...(name === 'worker' ? ['', `${times[1]} pause`, ''] : timed ? times : ['', '', times[2] ?? '']),
    formatPart(share),
    busy === undefined ? '' : formatPart(busy),
  ]
}

function ReplicaTable({ name, stage: { count, notResponding, replicas } }: { name: string; stage: Stage }) {
  const more = count + notResponding - replicas.length
  return (
    <table>
      <caption>
        {name}: {formatCount(count)} running{notResponding > 0 && `, ${formatCount(notResponding)} not responding`}
      </caption>
      <tbody>
        {replicas.map(({ name: replica, share, state }, index) => (
          <tr key={index}>
            <th scope="row">{replica}</th>
            <td class={state}>{state === 'serving' ? formatPart(share) : state}</td>
          </tr>
        ))}
        {more > 0 && (
          <tr>
            <td colSpan={2}>+ {formatCount(more)} more</td>
          </tr>
        )}
      </tbody>
    </table>
  )
}
