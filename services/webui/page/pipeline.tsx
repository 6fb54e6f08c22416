import { upstreams, type Pipeline, type Replica, type Stage, type Upstream } from '../src/api.ts'
import { formatCount, formatMs, formatPart, formatRate } from '../src/format.ts'
import { Help } from './help.tsx'
import { snapshot } from './page-state.ts'
import { countWaiting, findAlarms, flowOf, MAX_DOTS, partsOfUnit, type Alarms } from './picture.ts'
import { PipelineTable } from './pipeline-table.tsx'
import { Planner } from './planner.tsx'

/** The path of a unit of work as a picture, where its time goes, and a planner. */
export function PipelinePanel() {
  const { pipeline, verdict } = snapshot.value ?? {}
  const alarms = pipeline && verdict ? findAlarms(verdict, pipeline) : {}
  return (
    <section class="pipeline" aria-labelledby="pipeline-title">
      <header>
        <h2 id="pipeline-title">Pipeline</h2>
        <Help title="Pipeline">
          Each unit of work is a request to rng, then one to hasher; both answers return to the worker, which records
          its count in the ledger once per interval. A dot in a queue is a waiting request, a bar a replica, as high as
          its share.
        </Help>
        <PipelineTable />
      </header>
      <Picture pipeline={pipeline} alarms={alarms} />
      <UnitTime pipeline={pipeline} alarms={alarms} />
      <Planner />
    </section>
  )
}

interface Known {
  pipeline: Pipeline | undefined
  alarms: Alarms
}

function Picture({ pipeline, alarms }: Known) {
  // Only workers report the services.
  const reported = pipeline && pipeline.worker.count > 0 ? pipeline : undefined
  return (
    <div class={pipeline ? 'picture' : 'picture unknown'}>
      <WorkerNode pipeline={pipeline} alarm={alarms.worker} />
      {upstreams.map((name, index) => (
        <>
          <Lane key={`to ${name}`} name={name} step={index + 1} perSecond={reported?.[name].perSecond} />
          <ServiceNode key={name} name={name} stage={reported?.[name]} alarm={alarms[name]} />
        </>
      ))}
      <span class="record" aria-hidden="true">
        <Dots perSecond={pipeline?.entriesPerSecond} />
      </span>
      <div class="node ledger">
        <h3>ledger</h3>
        {pipeline && (
          <p>
            <strong>{formatRate(pipeline.entriesPerSecond)}</strong> entries per second
            <span class="wide-only">, recorded in {formatMs(snapshot.value?.ledgerMs ?? 0)}</span>
          </p>
        )}
      </div>
    </div>
  )
}

function WorkerNode({ pipeline, alarm }: { pipeline: Pipeline | undefined; alarm: string | undefined }) {
  const { worker: stage, loops = 0, revisions = [] } = pipeline ?? {}
  return (
    <div class={classOf('worker', stage, alarm)}>
      <Heading name="worker" stage={stage} alarm={alarm} unit="units per second" />
      {stage && (
        <>
          <ReplicaBars stage={stage} />
          <dl>
            <Figure name={loops === 1 ? 'loop' : 'loops'} value={formatCount(loops)} />
            {stage.perSecond > 0 && <Figure name="pause" value={formatMs(stage.serviceMs)} />}
            {revisions.length > 1 && (
              <>
                <Figure name="revision" value="each" isWideOnly />
                {revisions.map(({ name, workers, perSecond }) => (
                  <Figure
                    key={name}
                    name={`${formatCount(workers)} × ${name}`}
                    value={formatRate(perSecond / workers)}
                    isWideOnly
                  />
                ))}
              </>
            )}
          </dl>
        </>
      )}
    </div>
  )
}

interface NodeProps {
  name: Upstream
  stage: Stage | undefined
  alarm: string | undefined
}

function ServiceNode({ name, stage, alarm }: NodeProps) {
  return (
    <div class={classOf(name, stage, alarm)}>
      <Heading name={name} stage={stage} alarm={alarm} unit="per second" />
      {!stage && snapshot.value && <p class="remark">known while a worker reports</p>}
      {stage && (
        <>
          <Pile waiting={countWaiting(stage)} />
          <ReplicaBars stage={stage} />
          <Times stage={stage} />
          {stage.fault && <span class="flag fault">on purpose: {stage.fault}</span>}
        </>
      )}
    </div>
  )
}

function classOf(name: string, stage: Stage | undefined, alarm: string | undefined): string {
  return `node ${name} ${alarm ? 'alarm' : ''} ${stage?.perSecond === 0 ? 'off' : ''}`
}

function Heading(props: { name: string; stage: Stage | undefined; alarm: string | undefined; unit: string }) {
  const { name, stage, alarm, unit } = props
  // No worker has used a service of which it reports no replica.
  const isCountKnown = name === 'worker' || (stage && stage.count + stage.notResponding > 0)
  return (
    <header>
      <h3>
        {name} {stage && isCountKnown && stage.count !== 1 && <small>× {formatCount(stage.count)}</small>}
      </h3>
      {/* How many replicas do not respond stands beside their bars. */}
      {alarm && !stage?.notResponding && <span class="flag">{alarm}</span>}
      {stage && (
        <p class="per-second">
          <strong>{formatRate(stage.perSecond)}</strong> {unit}
        </p>
      )}
    </header>
  )
}

function Times({ stage }: { stage: Stage }) {
  const { queueMs, serviceMs, networkMs, perSecond, refusedPerSecond, timed } = stage
  if (perSecond === 0) return <p class="remark">no requests</p>
  if (!timed) return <p class="remark">{formatMs(networkMs)} in all, no Server-Timing</p>
  const waiting = countWaiting(stage)
  return (
    <dl>
      <Figure name={waiting > 0 ? `${formatCount(waiting)} waiting` : 'waiting'} value={formatMs(queueMs)} />
      <Figure name="serving" value={formatMs(serviceMs)} />
      <Figure name={refusedPerSecond > 0 ? 'retrying' : 'network'} value={formatMs(networkMs)} />
    </dl>
  )
}

function Figure({ name, value, isWideOnly = false }: { name: string; value: string; isWideOnly?: boolean }) {
  return (
    <div class={isWideOnly ? 'wide-only' : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** Requests that wait for a service. */
function Pile({ waiting }: { waiting: number }) {
  return (
    <span class="pile" aria-hidden="true">
      {Array.from({ length: Math.min(waiting, MAX_DOTS) }, (_, index) => (
        <i key={index} />
      ))}
    </span>
  )
}

/** A bar for each replica, as high as its share of the largest. */
function ReplicaBars({ stage: { count, notResponding, replicas } }: { stage: Stage }) {
  const largest = Math.max(...replicas.map(({ share }) => share))
  const more = count + notResponding - replicas.length
  return (
    <span class="replicas">
      <span class="bars" aria-hidden="true">
        {replicas.map((replica, index) => (
          <i
            key={index}
            class={replica.state}
            title={describeReplica(replica)}
            style={{ '--fill': largest > 0 ? replica.share / largest : 0 }}
          />
        ))}
      </span>
      {more > 0 && <small>+ {formatCount(more)} more</small>}
      {notResponding > 0 && <span class="flag">{formatCount(notResponding)} not responding</span>}
    </span>
  )
}

function describeReplica({ name, share, state }: Replica): string {
  return state === 'serving' ? `${name}: ${formatPart(share)}` : `${name}: ${state}`
}

/** Requests on their way to a service, and responses on their way back. */
function Lane({ name, step, perSecond }: { name: string; step: number; perSecond: number | undefined }) {
  return (
    <span class={`lane to-${name}`} aria-hidden="true">
      <b>{step}</b>
      <Dots perSecond={perSecond} />
      <Dots perSecond={perSecond} isBack />
    </span>
  )
}

function Dots({ perSecond, isBack = false }: { perSecond: number | undefined; isBack?: boolean }) {
  const flow = flowOf(perSecond)
  return (
    <span class={isBack ? 'track back' : 'track'}>
      {flow && <i style={{ '--gap': `${flow.gap}rem`, '--time': `${flow.seconds}s` }} />}
    </span>
  )
}

/** One unit of work from left to right, as long as its parts take. */
function UnitTime({ pipeline, alarms }: Known) {
  const { unitMs = 0, hashesPerUnit = 1 } = pipeline ?? {}
  return (
    <div class="unit-time">
      <p>
        {unitMs > 0 ? (
          <>
            One unit of work{hashesPerUnit > 1 && `, ${formatCount(Math.round(hashesPerUnit))} hashes`}{' '}
            <strong>{formatMs(unitMs)}</strong>
          </>
        ) : (
          pipeline && 'No unit of work was measured.'
        )}
      </p>
      <div class="parts" aria-hidden="true">
        {pipeline &&
          unitMs > 0 &&
          partsOfUnit(pipeline).map(({ name, ms, kind, ...part }) => (
            <span
              key={name}
              class={`${kind} ${'at' in part && alarms[part.at] ? 'alarm' : ''}`}
              title={`${name}: ${formatMs(ms)}`}
              style={{ flexGrow: ms }}
            >
              <span class="long">{name}</span>
              <span class="short">{kind}</span>
            </span>
          ))}
      </div>
    </div>
  )
}
