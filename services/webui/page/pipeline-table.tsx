import type { Pipeline, Revision, Stage } from '../src/api.ts'
import { formatCount, formatMs, formatPart, formatRate, known } from '../src/format.ts'
import { Dialog } from './dialog.tsx'
import { snapshot } from './page-state.ts'

const rows = ['running', 'per second', 'waiting', 'serving', 'network', 'part of a unit', 'capacity in use']

/** A button that opens the figures of the pipeline and the names of its replicas. */
export function PipelineTable() {
  const { pipeline, ledgerMs = 0 } = snapshot.value ?? {}
  return (
    <Dialog kind="link" title="The pipeline as a table" label="Show as a table">
      {pipeline ? <Tables pipeline={pipeline} ledgerMs={ledgerMs} /> : <p>Waiting for the first numbers.</p>}
    </Dialog>
  )
}

function Tables({ pipeline, ledgerMs }: { pipeline: Pipeline; ledgerMs: number }) {
  const { worker, revisions, rng, hasher, entriesPerSecond } = pipeline
  const columns = [
    ['worker', figuresOfWorker(worker)],
    ['rng', figuresOf(rng)],
    ['hasher', figuresOf(hasher)],
    ['ledger', ['', formatRate(entriesPerSecond), '', formatMs(ledgerMs)]],
  ] as const
  return (
    <>
      <table>
        <caption>
          Units, requests or entries per second, and means of their times. A worker is serving while it pauses. Loops do
          not wait for the ledger.
        </caption>
        <thead>
          <tr>
            <td />
            {columns.map(([name]) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {columns.map(([name, figures]) => (
                <td key={name}>{figures[index]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {revisions.length > 1 && <RevisionTable revisions={revisions} />}
      <div class="names">
        <ReplicaTable name="worker" stage={worker} of="hashes" />
        <ReplicaTable name="rng" stage={rng} of="requests" />
        <ReplicaTable name="hasher" stage={hasher} of="requests" />
      </div>
    </>
  )
}

function RevisionTable({ revisions }: { revisions: Revision[] }) {
  return (
    <table>
      <caption>The workers by the revision of their source, with the hashes per second of one worker.</caption>
      <thead>
        <tr>
          <th scope="col">revision</th>
          <th scope="col">workers</th>
          <th scope="col">each</th>
        </tr>
      </thead>
      <tbody>
        {revisions.map(({ name, workers, perSecond }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{formatCount(workers)}</td>
            <td>{formatRate(perSecond / workers)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function figuresOfWorker({ count, perSecond, serviceMs, share, busy }: Stage): string[] {
  return [
    formatCount(count),
    formatRate(perSecond),
    '',
    formatMs(serviceMs),
    '',
    formatPart(share),
    known(busy, formatPart),
  ]
}

function figuresOf({ count, perSecond, queueMs, serviceMs, networkMs, share, timed, busy }: Stage): string[] {
  const times = [timed ? queueMs : undefined, timed ? serviceMs : undefined, networkMs]
  return [
    formatCount(count),
    formatRate(perSecond),
    ...times.map((ms) => known(ms, formatMs)),
    formatPart(share),
    known(busy, formatPart),
  ]
}

function ReplicaTable({ name, stage, of }: { name: string; stage: Stage; of: string }) {
  const { count, notResponding, replicas } = stage
  const more = count + notResponding - replicas.length
  return (
    <table>
      <caption>
        {name}: {formatCount(count)} running{notResponding > 0 && `, ${formatCount(notResponding)} not responding`}
      </caption>
      <thead>
        <tr>
          <th scope="col">name</th>
          <th scope="col">share of {of}</th>
        </tr>
      </thead>
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
