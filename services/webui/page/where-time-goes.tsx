import type { Pipeline, Stage, VerdictState } from '../src/api.ts'
import { formatCount, formatMs, formatPart, formatRate, known } from '../src/format.ts'
import { Figures, type Row } from './headline.tsx'
import { snapshot } from './page-state.ts'

/** The path of a unit of work, where its time goes, and what to do about it. */
export function WhereTimeGoes() {
  const { pipeline, verdict, ledgerMs } = snapshot.value ?? {}
  const { worker, loops, hashesPerUnit = 1 } = pipeline ?? {}
  const workerRows: Row[] = [
    ['Loops', known(loops, formatCount)],
    ...(hashesPerUnit > 1 ? [['Hashes per unit', formatCount(hashesPerUnit)] as const] : []),
    ['Own pause', known(worker?.serviceMs, formatMs)],
  ]
  return (
    <section class="pipeline" aria-labelledby="pipeline-title">
      <h2 id="pipeline-title">Where the time goes</h2>
      <p class={isAlarm(verdict?.state) ? 'advice full' : 'advice'}>
        {verdict?.sentence ?? 'Not known yet.'}
        {verdict?.command && (
          <code>
            {/* A long command breaks between two options. */}
            {verdict.command.split(/(?<= )(?=--scale)/).map((part) => (
              <span key={part}>{part}</span>
            ))}
          </code>
        )}
      </p>
      <TimeBar pipeline={pipeline} />
      <ol class="stages">
        <StageCard name="worker" stage={worker} unit="units" rows={workerRows} />
        {(['rng', 'hasher'] as const).map((name) => {
          // Only workers report them.
          const stage = worker?.count ? pipeline?.[name] : undefined
          return <StageCard key={name} name={name} stage={stage} unit="requests" rows={serviceRows(stage)} />
        })}
        <li class="stage">
          <h3>ledger</h3>
          <Rate value={pipeline?.entriesPerSecond} unit="entries" />
          <Figures
            rows={[
              ['Response time', known(ledgerMs, formatMs)],
              ['Share of a loop', 'none'],
            ]}
          />
          <p class="aside">Workers send their counts once per interval. Loops do not wait for it.</p>
        </li>
      </ol>
    </section>
  )
}

function isAlarm(state: VerdictState | undefined): boolean {
  return state === 'rng' || state === 'hasher' || state === 'machine'
}

function serviceRows(stage: Stage | undefined): Row[] {
  return [
    ['Waiting', known(stage?.queueMs, formatMs)],
    ['Serving', known(stage?.serviceMs, formatMs)],
    ['Network', known(stage?.networkMs, formatMs)],
  ]
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

function StageCard({ name, stage, unit, rows }: { name: string; stage: Stage | undefined; unit: string; rows: Row[] }) {
  const { count, perSecond, share } = stage ?? {}
  const isBottleneck = snapshot.value?.verdict.state === name
  return (
    <li class={isBottleneck ? 'stage bottleneck' : 'stage'}>
      <h3>
        {name} {count !== undefined && count !== 1 && <span class="times">× {count}</span>}
        {isBottleneck && <span class="badge">bottleneck</span>}
      </h3>
      <Rate value={perSecond} unit={unit} />
      <p class="busy">{stage && <Use {...stage} />}</p>
      <Figures rows={[...rows, ['Share of a loop', known(share, formatPart)]]} />
      <ReplicaList {...stage} />
    </li>
  )
}

function Use({ busy, capacity, timed }: Stage) {
  if (busy !== undefined) {
    return (
      <>
        <span class="meter" style={{ backgroundSize: `${busy * 100}%` }} aria-hidden="true" />
        {formatPart(busy)} busy
      </>
    )
  }
  if (capacity !== undefined) return <>shared with workers that do not report</>
  return <>{timed ? 'does not limit the speed' : 'sends no Server-Timing'}</>
}

function ReplicaList({ count, replicas = [], notResponding = 0 }: Partial<Stage>) {
  return (
    <details>
      <summary>
        {known(count, formatCount)} {count === 1 ? 'replica' : 'replicas'} running
        {notResponding > 0 && <span class="silent">, {formatCount(notResponding)} not responding</span>}
      </summary>
      <ul>
        {replicas.map(({ name, state }) => (
          <li key={name} class={state === 'not responding' ? 'silent' : ''}>
            {name} {state === 'not responding' && '(not responding)'}
          </li>
        ))}
        {count !== undefined && count + notResponding > replicas.length && (
          <li>… and {formatCount(count + notResponding - replicas.length)} more</li>
        )}
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
