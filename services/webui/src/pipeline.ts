import type { Pipeline, Replica, Revision, Stage, Upstream } from './api.ts'
import { ratio, type Served, type Summary, type Sums } from './summary.ts'

/** Every viewer gets a snapshot each second, so it names at most this many replicas of a service. */
const MAX_NAMES = 20
/** Of more replicas, so many are named as examples. */
const EXAMPLES = 8
/** More revisions than this do not run side by side for long. */
const MAX_REVISIONS = 3
/** Marks repeat the names of revisions. */
const MAX_REVISION_BYTES = 16
/** Longer names are cut. The names of a pod and its node have about so many bytes. */
const MAX_NAME_BYTES = 80
/** Two measurements made at different moments do not differ by this factor. */
const IMPOSSIBLE = 1.2

/** A service's replicas. */
export interface Replicas {
  running: Served[]
  notResponding: string[]
  fault?: string | undefined
}

/**
 * Computes where the time of the loops goes, from the summary of each worker's last report with work
 * and recent replicas. The capacity is that of operational analysis (Denning and Buzen, 1978):
 * X ≤ min(N ⁄ (D + Z), Σ c ⁄ S), with N loops, D their time in service and on the network, Z their
 * pause, and c requests at a time of S each in every replica.
 */
export function describePipeline(
  summary: Summary,
  replicas: Record<Upstream, Replicas>,
  foreignSpeed: number | null,
): Pipeline {
  const { hashes, loops } = summary
  const units = summary.worker.requests
  const hashesPerUnit = units > 0 ? hashes / units : 1
  const worker = describeStage(summary.worker, { running: summary.workers, notResponding: [] })
  const rng = describeUpstream(summary, 'rng', replicas.rng, foreignSpeed)
  const hasher = describeUpstream(summary, 'hasher', replicas.hasher, foreignSpeed)

  const unitMs = totalMs(worker) + totalMs(rng) + totalMs(hasher)
  for (const stage of [worker, rng, hasher]) stage.share = ratio(totalMs(stage), unitMs)
  const loopsCapacity = ratio(loops * 1000, unitMs - rng.queueMs - hasher.queueMs)
  worker.capacity = loopsCapacity
  worker.busy = part(worker.perSecond, loopsCapacity)

  // The capacity of workers that do not report is not known: it is at least their speed.
  const ofLoops = Math.max(loopsCapacity, worker.perSecond) * hashesPerUnit + (foreignSpeed ?? 0)
  const ofServices = Math.min(rng.capacity ?? Infinity, hasher.capacity ?? Infinity) * hashesPerUnit
  return {
    loops,
    hashesPerUnit,
    unitMs,
    delayMs: summary.isDelayKnown ? ratio(summary.delayMs, units) : 0,
    worker,
    revisions: describeRevisions(summary),
    rng,
    hasher,
    entriesPerSecond: summary.entriesPerSecond,
    foreignSpeed,
    capacity: units > 0 && !isAway(rng) && !isAway(hasher) ? Math.min(ofLoops, ofServices) : null,
  }
}

function describeUpstream(summary: Summary, name: Upstream, replicas: Replicas, foreignSpeed: number | null): Stage {
  const { concurrency } = summary[name]
  const stage = describeStage(summary[name], replicas)
  stage.timed = concurrency > 0 || stage.queueMs + stage.serviceMs > 0
  const capacity = ratio(stage.count * concurrency * 1000, stage.serviceMs)
  // Replicas that share a name count as one, which would serve more than it can.
  if (capacity > 0 && stage.perSecond < IMPOSSIBLE * capacity) {
    // Measured at different moments, the capacity may seem a little less than the speed.
    stage.capacity = Math.max(capacity, stage.perSecond)
    if (!foreignSpeed) stage.busy = part(stage.perSecond, capacity)
  }
  return stage
}

function describeRevisions({ revisions }: Summary): Revision[] {
  const short = Map.groupBy(revisions, ([name]) => shortRevision(name))
  const described = Array.from(short, ([name, of]) => ({
    name,
    workers: of.reduce((total, [, { workers }]) => total + workers, 0),
    perSecond: of.reduce((total, [, { perSecond }]) => total + perSecond, 0),
  }))
  // In a steady order, because a change of it would be marked.
  return described.toSorted((a, b) => b.workers - a.workers || collator.compare(a.name, b.name)).slice(0, MAX_REVISIONS)
}

/** A hash of Git is known by its first digits. */
function shortRevision(name: string): string {
  return cutName(name, /^[0-9a-f]{40}$/.test(name) ? 8 : MAX_REVISION_BYTES) || 'unknown'
}

/** The figures that all stages have. */
function describeStage(sums: Sums, replicas: Replicas): Stage {
  const { requests, perSecond, refusedPerSecond } = sums
  return {
    count: replicas.running.length,
    notResponding: replicas.notResponding.length,
    replicas: toReplicas(replicas),
    ...(replicas.fault && { fault: cutName(replicas.fault) }),
    perSecond,
    queueMs: ratio(sums.queueMs, requests),
    serviceMs: ratio(sums.workMs, requests),
    networkMs: ratio(sums.networkMs, requests),
    refusedPerSecond,
    share: 0,
    timed: true,
  }
}

/** Whether all replicas of a service are lost. */
export function isAway({ count, notResponding }: Stage): boolean {
  return count === 0 && notResponding > 0
}

/** The busier of the two services that the workers call. */
export function busiest({ rng, hasher }: Pipeline): Upstream {
  return (rng.busy ?? 0) >= (hasher.busy ?? 0) ? 'rng' : 'hasher'
}

/** A name as snapshots have it: JSON escapes none of it, so its bytes are bounded. */
export function cutName(name: string, maxBytes = MAX_NAME_BYTES): string {
  const plain = name.toWellFormed().replace(/[\p{Cc}"\\]/gu, '?')
  return plain.slice(0, encoder.encodeInto(plain, new Uint8Array(maxBytes)).read)
}

const encoder = new TextEncoder()

function totalMs({ queueMs, serviceMs, networkMs }: Stage): number {
  return queueMs + serviceMs + networkMs
}

/** Measured at different moments, a part may seem a little more than the whole. */
function part(some: number, all: number): number {
  return Math.min(1, ratio(some, all))
}

/** A replica that does not respond has served nothing. */
type Named = { name: string; served?: number }

/** The first by name, rng-2 before rng-10. */
function toReplicas({ running, notResponding }: Replicas): Replica[] {
  const all = running.reduce((total, { served }) => total + served, 0)
  const named: Named[] = [...running, ...notResponding.map((name) => ({ name }))]
  const most = named.length > MAX_NAMES ? EXAMPLES : MAX_NAMES
  // Thousands of names are compared with the last of the first, which takes less than to sort them.
  const first: Named[] = []
  for (const each of named) {
    if (first.length === most && byName(each, first.at(-1)!) >= 0) continue
    first.splice(most - 1)
    first.push(each)
    first.sort(byName)
  }
  return first.map(({ name, served }) => ({
    name: cutName(name),
    share: ratio(served ?? 0, all),
    state: stateOf(served),
  }))
}

function stateOf(served: number | undefined): Replica['state'] {
  if (served === undefined) return 'not responding'
  return served > 0 ? 'serving' : 'idle'
}

function byName(one: Named, other: Named): number {
  return collator.compare(one.name, other.name)
}

const collator = new Intl.Collator('en', { numeric: true })
