import { Fragment, type ComponentChildren } from 'preact'

import type { Pipeline, Stage } from '../src/pipeline.ts'
import { formatCount, formatMs, formatPart, formatRate } from './format.ts'
import { snapshot } from './live.ts'

/** The way of a unit of work through the services, where its time goes, and what to do about it. */
export function PipelinePicture() {
  const shown = snapshot.value
  const pipeline = shown?.pipeline
  const { worker, bottleneck } = pipeline ?? {}
  // Only workers report them.
  const { rng, hasher } = worker?.count ? (pipeline ?? {}) : {}
  return (
    <section class="pipeline" aria-labelledby="pipeline-title">
      <h2 id="pipeline-title">Where the time goes</h2>
      <p class={bottleneck && bottleneck !== 'none' ? 'advice full' : 'advice'}>
        {shown ? shown.advice.text : 'Not known yet.'}
        {shown?.advice.command && <Command text={shown.advice.command} />}
      </p>
      <TimeBar pipeline={pipeline} />
      <ol class="stages">
        <StageCard name="worker" stage={worker} unit="units" isBottleneck={bottleneck === 'worker'}>
          <Row name="Loops" value={known(pipeline?.loops, formatCount)} />
          {pipeline && pipeline.hashesPerUnit > 1 && (
            <Row name="Hashes a unit" value={formatCount(pipeline.hashesPerUnit)} />
          )}
          <Row name="Own pause" value={known(worker?.workMs, formatMs)} />
          <Row name="Share of a loop" value={known(worker?.share, formatPart)} />
        </StageCard>
        <StageCard name="rng" stage={rng} unit="requests" isBottleneck={bottleneck === 'rng'}>
          <Times stage={rng} />
        </StageCard>
        <StageCard name="hasher" stage={hasher} unit="requests" isBottleneck={bottleneck === 'hasher'}>
          <Times stage={hasher} />
        </StageCard>
        <li class="stage">
          <h3>ledger</h3>
          <p class="rate">
            <strong>{known(pipeline?.entriesPerSecond, formatRate)}</strong> batches/s
          </p>
          <dl>
            <Row name="Answers in" value={known(shown?.ledgerMs, formatMs)} />
            <Row name="Share of a loop" value="none" />
          </dl>
          <p class="aside">Counts are sent once an interval, beside the loops; nothing waits for it.</p>
        </li>
      </ol>
    </section>
  )
}

/** A shell command; where it is too long for a line, it is broken between two options. */
function Command({ text }: { text: string }) {
  return (
    <code>
      {text.split(/ (?=--scale)/).map((part, index) => (
        <Fragment key={part}>
          {index > 0 && ' '}
          <span>{part}</span>
        </Fragment>
      ))}
    </code>
  )
}

function StageCard(props: {
  name: string
  stage: Stage | undefined
  unit: string
  isBottleneck: boolean
  children: ComponentChildren
}) {
  const { name, stage, unit, isBottleneck, children } = props
  const { count, replicas = [], notResponding = [], busy } = stage ?? {}
  return (
    <li class={isBottleneck ? 'stage bottleneck' : 'stage'}>
      <h3>
        {name} {count !== undefined && count !== 1 && <span class="times">× {count}</span>}
        {isBottleneck && <span class="badge">bottleneck</span>}
      </h3>
      <p class="rate">
        <strong>{known(stage?.perSecond, formatRate)}</strong> {unit}/s
      </p>
      <p class="busy">
        {busy === undefined ? (
          stage && describeLimit(stage)
        ) : (
          <>
            <span class="meter" aria-hidden="true">
              <span style={{ width: `${busy * 100}%` }} />
            </span>
            {formatPart(busy)} busy
          </>
        )}
      </p>
      <dl>{children}</dl>
      <details>
        <summary>
          {known(count, formatCount)} {count === 1 ? 'replica' : 'replicas'} running
          {notResponding.length > 0 && <span class="silent">, {formatCount(notResponding.length)} not responding</span>}
        </summary>
        <ul>
          {replicas.map((replica) => (
            <li key={replica}>{replica}</li>
          ))}
          {count !== undefined && count > replicas.length && <li>… and {formatCount(count - replicas.length)} more</li>}
          {notResponding.map((replica) => (
            <li key={replica} class="silent">
              {replica} (not responding)
            </li>
          ))}
        </ul>
      </details>
    </li>
  )
}

function describeLimit({ limit, timed }: Stage): string {
  if (limit !== undefined) return 'shared with workers that do not report'
  return timed ? 'no limit of its own' : 'sends no Server-Timing'
}

function Times({ stage }: { stage: Stage | undefined }) {
  return (
    <>
      <Row name="In line" value={known(stage?.queueMs, formatMs)} />
      <Row name="At work" value={known(stage?.workMs, formatMs)} />
      <Row name="Network" value={known(stage?.networkMs, formatMs)} />
      <Row name="Share of a loop" value={known(stage?.share, formatPart)} />
    </>
  )
}

function known(figure: number | undefined, format: (figure: number) => string): string {
  return figure === undefined ? '–' : format(figure)
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** One unit of work from left to right. The cards beside it say the same in figures. */
function TimeBar({ pipeline }: { pipeline: Pipeline | undefined }) {
  if (!pipeline?.unitMs) return <div class="unit" />
  const { worker, rng, hasher, hashesPerUnit, unitMs } = pipeline
  const parts: [kind: string, text: string, ms: number][] = [
    ['pause', 'pause', worker.workMs],
    ['rng queue', 'line of rng', rng.queueMs],
    ['rng', 'rng', rng.workMs + rng.networkMs],
    ['hasher queue', 'line of hasher', hasher.queueMs],
    ['hasher', 'hasher', hasher.workMs + hasher.networkMs],
  ]
  return (
    <div class="unit" aria-hidden="true">
      <p>
        One unit of work{hashesPerUnit > 1 && `, ${formatCount(hashesPerUnit)} hashes`}: {formatMs(unitMs)}
      </p>
      <div class="bar">
        {parts.map(([kind, text, ms]) => (
          <span key={kind} class={kind} style={{ flexGrow: ms / unitMs }}>
            {ms > 0.08 * unitMs && <span class={ms > 0.25 * unitMs ? 'wide' : 'narrow'}>{text}</span>}
          </span>
        ))}
      </div>
    </div>
  )
}
