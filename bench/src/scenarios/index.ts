import type { Scenario } from '../scenario.ts'
import { batches } from './batches.ts'
import { classic } from './classic.ts'
import { endurance } from './endurance.ts'
import { fiftyWorkers } from './fifty-workers.ts'
import { ledgerSize } from './ledger-size.ts'
import { loops } from './loops.ts'
import { replicaHangs } from './replica-hangs.ts'
import { replicas } from './replicas.ts'
import { servers } from './servers.ts'
import { start } from './start.ts'
import { stop } from './stop.ts'
import { viewers } from './viewers.ts'

/** All scenarios, by the name that --only takes, in the order in which they are run. */
export const scenarios: Record<string, Scenario> = {
  loops,
  batches,
  replicas,
  servers,
  classic,
  start,
  'fifty-workers': fiftyWorkers,
  stop,
  viewers,
  'ledger-size': ledgerSize,
  'replica-hangs': replicaHangs,
  endurance,
}
