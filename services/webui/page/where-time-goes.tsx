import { Fragment, type ComponentChildren } from 'preact'

import type { Pipeline, Stage } from '../src/api.ts'
import { formatCount, formatMs, formatPart, formatRate, known } from './format.ts'
import { Figure } from './headline.tsx'
import { snapshot } from './page-state.ts'

/** The path of a unit of work, where its time goes, and what to do about it. */
export function WhereTimeGoes() {
  const { pipeline, bottleneck, advice, ledgerMs } = snapshot.value ?? {}
  const { worker } = pipeline ?? {}
  // Only workers report them.
  const { rng, hasher } = worker?.count ? (pipeline ?? {}) : {}
  return (
    <section class="pipeline" aria-labelledby="pipeline-title">
      <h2 id="pipeline-title">Where the time goes</h2>
      <p class={bottleneck && bottleneck !== 'none' ? 'advice full' : 'advice'}>
        {advice?.text ?? 'Not known yet.'}
        {advice?.command && <Command text={advice.command} />}
      </p>
      <TimeBar pipeline={pipeline} />
      <ol class="stages">
        <StageCard name="worker" stage={worker} unit="units" isBottleneck={bottleneck === 'worker'}>
          <Figure name="Loops" value={known(pipeline?.loops, formatCount)} />
          {pipeline && pipeline.hashesPerUnit > 1 && (
            <Figure name="Hashes per unit" value={formatCount(pipeline.hashesPerUnit)} />
          )}
          <Figure name="Own pause" value={known(worker?.serviceMs, formatMs)} />
          <Figure name="Share of a loop" value={known(worker?.share, formatPart)} />
        </StageCard>
        <ServiceCard name="rng" stage={rng} isBottleneck={bottleneck === 'rng'} />
        <ServiceCard name="hasher" stage={hasher} isBottleneck={bottleneck === 'hasher'} />
        <li class="stage">
          <h3>ledger</h3>
          <Rate value={pipeline?.entriesPerSecond} unit="entries" />
          <dl>
            <Figure name="Response time" value={known(ledgerMs, formatMs)} />
            <Figure name="Share of a loop" value="none" />
          </dl>
          <p class="aside">Workers send their counts once per interval. Loops do not wait for it.</p>
        </li>
      </ol>
    </section>
  )
}

/** A shell command. A long one breaks between two options. */
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

/** One unit of work from left to right, a picture of the figures on the cards. */
function TimeBar({ pipeline }: { pipeline: Pipeline | undefined }) {
  if (!pipeline?.unitMs) return <div class="unit" />
  const { worker, rng, hasher, hashesPerUnit, unitMs } = pipeline
  const parts: [text: string, ms: number, colour: string][] = [
    ['pause', worker.serviceMs, '--quiet'],
    ['waiting for rng', rng.queueMs, '--full'],
    ['rng', rng.serviceMs + rng.networkMs, '--measured'],
    ['waiting for hasher', hasher.queueMs, '--full'],
    ['hasher', hasher.serviceMs + hasher.networkMs, '--hasher'],
  ]
  return (
    <div class="unit" aria-hidden="true">
      <p>
        One unit of work{hashesPerUnit > 1 && `, ${formatCount(hashesPerUnit)} hashes`}: {formatMs(unitMs)}
      </p>
      <div class="bar">
        {parts.map(([text, ms, colour]) => (
          <span key={text} style={{ flexGrow: ms / unitMs, background: `var(${colour})` }}>
            {ms > 0.08 * unitMs && <span class={ms > 0.25 * unitMs ? 'wide' : 'narrow'}>{text}</span>}
          </span>
        ))}
      </div>
    </div>
  )
}

interface CardProps {
  name: string
  stage: Stage | undefined
  isBottleneck: boolean
}

function ServiceCard(props: CardProps) {
  const { stage } = props
  return (
    <StageCard {...props} unit="requests">
      <Figure name="Waiting" value={known(stage?.queueMs, formatMs)} />
      <Figure name="Serving" value={known(stage?.serviceMs, formatMs)} />
      <Figure name="Network" value={known(stage?.networkMs, formatMs)} />
      <Figure name="Share of a loop" value={known(stage?.share, formatPart)} />
    </StageCard>
  )
}

function StageCard({
  name,
  stage,
  unit,
  isBottleneck,
  children,
}: CardProps & { unit: string; children: ComponentChildren }) {
  const { count } = stage ?? {}
  return (
    <li class={isBottleneck ? 'stage bottleneck' : 'stage'}>
      <h3>
        {name} {count !== undefined && count !== 1 && <span class="times">× {count}</span>}
        {isBottleneck && <span class="badge">bottleneck</span>}
      </h3>
      <Rate value={stage?.perSecond} unit={unit} />
      <p class="busy">{stage && <Use {...stage} />}</p>
      <dl>{children}</dl>
      <ReplicaList {...stage} />
    </li>
  )
}

function Use({ busy, capacity, timed }: Stage) {
  if (busy !== undefined) {
    return (
      <>
        <span class="meter" aria-hidden="true">
          <span style={{ width: `${busy * 100}%` }} />
        </span>
        {formatPart(busy)} busy
      </>
    )
  }
  if (capacity !== undefined) return <>shared with workers that do not report</>
  return <>{timed ? 'does not limit the speed' : 'sends no Server-Timing'}</>
}

function ReplicaList({ count, replicas = [], notResponding = [] }: Partial<Stage>) {
  return (
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
  )
}

function Rate({ value, unit }: { value: number | undefined; unit: string }) {
  return (
    <p class="rate">
      <strong>{known(value, formatRate)}</strong> {unit} per second
    </p>
  )
}
