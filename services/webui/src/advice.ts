import { NEARLY_FULL } from './bottleneck.ts'
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
  const { worker, bottleneck, busiest, foreignSpeed } = pipeline
  const current = { worker: worker.count, ...replicas }
  const todo = (text: string, wanted: Scale): Advice => {
    const command = scaleCommand(platform, current, wanted)
    return command ? { text: `${text}${hints[platform] ?? ''}:`, command } : { text: `${text}.` }
  }

  if (current.worker === 0) {
    if (foreignSpeed === null) return { text: 'No worker reports.' }
    if (foreignSpeed > 0) {
      return { text: 'Only workers that do not report are mining, so where their time goes is not known.' }
    }
    return todo('No worker is running, so nothing is mined. Start one', { worker: 1 })
  }
  if (bottleneck === undefined) {
    return { text: 'Workers are running, but no unit of work comes to an end: see what they log of rng and hasher.' }
  }
  if (bottleneck === 'machine') {
    const whose = platform === 'local' ? 'This machine is busy' : 'The machine of the workers is busy'
    return {
      text: `${whose}: pauses that are set to ${ms(pipeline.delayMs)} take ${ms(worker.workMs)}. More workers on it would hardly make it faster.`,
    }
  }
  if (bottleneck === 'none') {
    const wanted = replicasFor(pipeline, busiest, 2 * ENOUGH * (worker.limit ?? 0))
    const text = `Workers and ${busiest} fit each other: ${inUse(pipeline, busiest)}, and requests wait only ${ms(pipeline[busiest].queueMs)}. To go faster, add both`
    return todo(text, { worker: 2 * current.worker, [busiest]: wanted })
  }
  if (bottleneck === 'worker') {
    return todo(`${describeFreeLoops(pipeline)}. Add workers`, { worker: workersToFill(pipeline, busiest) })
  }
  const wanted = replicasFor(pipeline, bottleneck, ENOUGH * (worker.limit ?? 0))
  const text = `${bottleneck} is the bottleneck: ${describeBottleneck(pipeline, bottleneck)}. Add ${wanted - current[bottleneck] > 1 ? 'replicas' : 'a replica'}`
  return todo(text, { [bottleneck]: wanted })
}

/** What to know before a command is run. */
const hints: Partial<Record<Platform, string>> = {
  local: ' (in a second terminal)',
  swarm: ' (where the stack is named dockercoins)',
}

function describeBottleneck(pipeline: Pipeline, name: Upstream): string {
  const { timed, share, queueMs, busy } = pipeline[name]
  if (!timed) return `loops spend ${percent(share)} of their time on it, and it reports no Server-Timing`
  if (pipeline.foreignSpeed) return `requests wait ${ms(queueMs)}, and workers that do not report may use it as well`
  // A service that is not full and yet has a long queue is not described as both.
  if ((busy ?? 1) < NEARLY_FULL) return `requests wait ${ms(queueMs)}`
  return `${inUse(pipeline, name)}, and requests wait ${ms(queueMs)}`
}

function describeFreeLoops(pipeline: Pipeline): string {
  const { rng, hasher, busiest, foreignSpeed } = pipeline
  if (!rng.timed || !hasher.timed) return 'The workers are the bottleneck: no service takes most of their loops’ time'
  const why = 'The workers are the bottleneck: their loops hardly wait'
  return foreignSpeed ? why : `${why}, and ${inUse(pipeline, busiest)}`
}

/** How many replicas serve `perSecond`, and one more than now at least. */
function replicasFor(pipeline: Pipeline, name: Upstream, perSecond: number): number {
  const { limit = 0, count } = pipeline[name]
  const each = limit / Math.max(1, count)
  return Math.max(count + 1, each > 0 ? Math.ceil(perSecond / each) : 0)
}

/** How many workers it takes until `name` is full; twice as many as now where it is not known how full it is. */
function workersToFill({ worker, ...stages }: Pipeline, name: Upstream): number {
  const { limit, busy } = stages[name]
  if (limit === undefined || busy === undefined || worker.perSecond === 0) return 2 * worker.count
  return Math.max(worker.count + 1, Math.round((limit / worker.perSecond) * worker.count))
}

/** "1 replica × 10/s is 99 % busy" */
function inUse(pipeline: Pipeline, name: Upstream): string {
  const { count, limit, busy } = pipeline[name]
  if (limit === undefined || busy === undefined || count === 0) return `${name} has no limit of its own`
  const each = limit / count
  return `${count} ${count === 1 ? 'replica' : 'replicas'} of ${name} × ${each >= 100 ? Math.round(each) : each.toPrecision(2)}/s ${count === 1 ? 'is' : 'are'} ${percent(busy)} busy`
}

function percent(part: number): string {
  return `${part >= 0.995 ? 100 : Math.min(99, Math.round(part * 100))} %`
}

function ms(milliseconds: number): string {
  return `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toPrecision(1)} ms`
}
