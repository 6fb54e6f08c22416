import { Counter, Gauge, type Registry } from 'prom-client'

import { upstreams, type Snapshot, type Update } from './api.ts'

/** Values, each with its upstream where there is one. null and undefined: not known. */
type Values = [value: number | null | undefined, upstream?: string][]
type MetricOf<T> = [type: typeof Counter | typeof Gauge, name: string, help: string, read: (from: T) => Values]

const ledgerUp: MetricOf<Update> = [
  Gauge,
  'dockercoins_ledger_up',
  'Whether the ledger can be read: 1 or 0.',
  (update) => [['pipeline' in update ? 1 : 0]],
]

const ofSnapshots: MetricOf<Snapshot>[] = [
  [Gauge, 'dockercoins_ledger_read_seconds', 'Response time of the ledger.', ({ ledgerMs }) => [[ledgerMs / 1000]]],
  [Counter, 'dockercoins_ledger_hashes_total', 'Hashes in the ledger.', ({ hashes }) => [[hashes]]],
  [Counter, 'dockercoins_ledger_coins_total', 'Coins in the ledger.', ({ coins }) => [[coins]]],
  [
    Gauge,
    'dockercoins_measured_speed_hashes_per_second',
    'Measured speed of the newest settled second.',
    ({ history }) => [[history.speeds.at(-1)]],
  ],
  [
    Gauge,
    'dockercoins_reporting_workers',
    'Running workers that report to the ledger.',
    ({ pipeline }) => [[pipeline.worker.count]],
  ],
  [
    Gauge,
    'dockercoins_not_responding_replicas',
    'Replicas that respond to no worker.',
    ({ pipeline }) => upstreams.map((name) => [pipeline[name].notResponding, name]),
  ],
]

/**
 * Adds metrics of the ledger. Returns the function that takes each update. What is not known has no
 * series: a counter that began at 0 would seem to jump.
 */
export function createLedgerMetrics(registry: Registry): (update: Update) => void {
  let latest: Update | undefined

  function register([Metric, name, help]: MetricOf<never>, read: (update: Update) => Values): void {
    const collect = function (this: Counter | Gauge) {
      this.reset()
      for (const [value, upstream] of latest ? read(latest) : [])
        if (typeof value === 'number') this.inc(upstream === undefined ? {} : { upstream }, value)
    }
    registry.registerMetric(new Metric({ name, help, labelNames: ['upstream'], registers: [], collect }))
  }
  register(ledgerUp, ledgerUp[3])
  for (const metric of ofSnapshots) register(metric, (update) => ('pipeline' in update ? metric[3](update) : []))

  return (update) => {
    latest = update
  }
}
