import type { Pipeline, Upstream } from './pipeline.ts'
import { scaleCommand, type Platform, type Scale } from './scale-command.ts'

/** What holds the speed where it is, and the command that changes it, if one does. */
export interface Advice {
  text: string
  command?: string
}

/** Replicas are advised for so much of what the loops could do, as a service used to the last bit makes them wait. */
const ENOUGH = 0.8

/** With the numbers of replicas last known: one or two sentences on where the time goes, in the words of the platform. */
export function advise(pipeline: Pipeline, platform: Platform, replicas: Record<Upstream, number>): Advice {
  const { worker, bottleneck, busiest } = pipeline
  const current = { worker: worker.replicas.length, ...replicas }
  const command = (wanted: Scale) => scaleCommand(platform, current, wanted)
  const colon = platform === 'local' ? ' (stop npm start with ^C first, and keep its other options):' : ':'

  if (current.worker === 0) {
    return { text: `No worker is alive, so nothing is mined. Start one${colon}`, command: command({ worker: 1 }) }
  }
  if (bottleneck === undefined) {
    return { text: 'Workers are alive, but no unit of work comes to an end: see what they log of rng and hasher.' }
  }
  if (bottleneck === 'none') {
    const wanted = replicasFor(pipeline, busiest, 2 * ENOUGH * (worker.limit ?? 0))
    const text = `Workers and ${busiest} fit each other: ${inUse(pipeline, busiest)}, and requests wait only ${ms(pipeline[busiest].queueMs)}. To go faster, add both${colon}`
    return { text, command: command({ worker: 2 * current.worker, [busiest]: wanted }) }
  }
  if (bottleneck === 'worker') {
    const text = `The workers are the bottleneck: their loops hardly wait, and ${inUse(pipeline, busiest)}. Add workers${colon}`
    return { text, command: command({ worker: workersToFill(pipeline, busiest) }) }
  }
  const wanted = replicasFor(pipeline, bottleneck, ENOUGH * (worker.limit ?? 0))
  const text = `${bottleneck} is the bottleneck: ${inUse(pipeline, bottleneck)}, and requests wait ${ms(pipeline[bottleneck].queueMs)}. Add ${wanted - current[bottleneck] > 1 ? 'replicas' : 'a replica'}${colon}`
  return { text, command: command({ [bottleneck]: wanted }) }
}

/** How many replicas serve `perSecond`, and one more than now at least. */
function replicasFor(pipeline: Pipeline, name: Upstream, perSecond: number): number {
  const { limit = 0, replicas } = pipeline[name]
  const each = limit / Math.max(1, replicas.length)
  return Math.max(replicas.length + 1, each > 0 ? Math.ceil(perSecond / each) : 0)
}

/** How many workers it takes until `name` is full; twice as many as now where nothing limits it. */
function workersToFill({ worker, ...stages }: Pipeline, name: Upstream): number {
  const workers = worker.replicas.length
  const { limit } = stages[name]
  if (limit === undefined || worker.perSecond === 0) return 2 * workers
  return Math.max(workers + 1, Math.round((limit / worker.perSecond) * workers))
}

/** "1 replica × 10/s is 99 % busy" */
function inUse(pipeline: Pipeline, name: Upstream): string {
  const { replicas, limit, busy } = pipeline[name]
  const count = replicas.length
  if (limit === undefined || busy === undefined || count === 0) return `${name} has no limit of its own`
  const each = limit / count
  const percent = busy >= 0.995 ? 100 : Math.min(99, Math.round(busy * 100))
  return `${count} ${count === 1 ? 'replica' : 'replicas'} of ${name} × ${each >= 100 ? Math.round(each) : each.toPrecision(2)}/s ${count === 1 ? 'is' : 'are'} ${percent} % busy`
}

function ms(milliseconds: number): string {
  return `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toPrecision(1)} ms`
}
