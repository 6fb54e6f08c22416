import type { Pipeline, Upstream, Verdict, VerdictState } from './api.ts'
import { NEARLY_FULL, type Bottleneck } from './bottleneck.ts'
import { formatMs, formatPart } from './format.ts'
import { busiest } from './pipeline.ts'
import { scaleCommand, type Platform, type Scale } from './scale-command.ts'

/** Advised replicas serve this part of the loops' capacity: a full service makes loops wait. */
const ENOUGH = 0.8

/** What to read before running a command. */
const hints: Partial<Record<Platform, string>> = {
  local: ' (in a second terminal)',
  swarm: ' (where the stack is named dockercoins)',
}

/** What limits the speed and what to do about it. `replicas` are the numbers last known. */
export function advise(
  pipeline: Pipeline,
  bottleneck: Bottleneck | undefined,
  platform: Platform,
  replicas: Record<Upstream, number>,
): Verdict {
  const { worker, foreignSpeed, delayMs } = pipeline
  const current = { worker: worker.count, ...replicas }
  const scaleUp = (state: VerdictState, text: string, wanted: Scale): Verdict => {
    const command = scaleCommand(platform, current, wanted)
    return command ? { state, sentence: `${text}${hints[platform] ?? ''}:`, command } : { state, sentence: `${text}.` }
  }

  if (worker.count === 0) {
    if (foreignSpeed === null) return { state: 'idle', sentence: 'No worker reports.' }
    if (foreignSpeed > 0)
      return {
        state: 'foreign',
        sentence: 'Only workers that do not report are mining, so where their time goes is not known.',
      }
    return scaleUp('idle', 'No worker reports. If one is running, its log shows why; if none is, start one', {
      worker: 1,
    })
  }
  const name = busiest(pipeline)
  switch (bottleneck) {
    case undefined:
      return {
        state: 'stuck',
        sentence: 'Workers are running, but no unit of work ends: see their logs about rng and hasher.',
      }
    case 'machine': {
      const machine = platform === 'local' ? 'This machine' : 'The machine of the workers'
      const late = `pauses that are set to ${formatMs(delayMs)} take ${formatMs(worker.serviceMs)}`
      return {
        state: 'machine',
        sentence: `${machine} is busy: ${late}. More workers on it would hardly raise the speed.`,
      }
    }
    case 'none': {
      const why = `${describeUse(pipeline, name)}, and requests wait only ${formatMs(pipeline[name].queueMs)}`
      const both = { worker: 2 * worker.count, [name]: replicasFor(pipeline, name, 2) }
      return scaleUp('well', `Workers and ${name} match each other: ${why}. To go faster, add both`, both)
    }
    case 'worker':
      return scaleUp('worker', `${describeFreeLoops(pipeline)}. Add workers`, { worker: workersToFill(pipeline, name) })
    default: {
      const wanted = replicasFor(pipeline, bottleneck)
      const what = wanted - current[bottleneck] > 1 ? 'replicas' : 'a replica'
      const why = describeBottleneck(pipeline, bottleneck)
      return scaleUp(bottleneck, `${bottleneck} is the bottleneck: ${why}. Add ${what}`, { [bottleneck]: wanted })
    }
  }
}

function describeBottleneck(pipeline: Pipeline, name: Upstream): string {
  const { timed, share, queueMs, busy } = pipeline[name]
  if (!timed) return `loops spend ${formatPart(share)} of their time on it, and it sends no Server-Timing`
  const wait = `requests wait ${formatMs(queueMs)}`
  if (pipeline.foreignSpeed) return `${wait}, and workers that do not report may use it as well`
  // "60 % busy" would contradict a long queue.
  return (busy ?? 1) < NEARLY_FULL ? wait : `${describeUse(pipeline, name)}, and ${wait}`
}

function describeFreeLoops(pipeline: Pipeline): string {
  const { rng, hasher, foreignSpeed } = pipeline
  if (!rng.timed || !hasher.timed) return 'The workers are the bottleneck: no service takes most of their loops’ time'
  const why = 'The workers are the bottleneck: their loops hardly wait'
  return foreignSpeed ? why : `${why}, and ${describeUse(pipeline, busiest(pipeline))}`
}

/** How many replicas serve `times` the loops of now, and at least one more than now. */
function replicasFor(pipeline: Pipeline, name: Upstream, times = 1): number {
  const { capacity = 0, count } = pipeline[name]
  const each = capacity / Math.max(1, count)
  const perSecond = times * ENOUGH * (pipeline.worker.capacity ?? 0)
  return Math.max(count + 1, each > 0 ? Math.ceil(perSecond / each) : 0)
}

/** How many workers fill `name`; twice as many as now where it is not known how full it is. */
function workersToFill({ worker, ...stages }: Pipeline, name: Upstream): number {
  const { capacity, busy } = stages[name]
  if (capacity === undefined || busy === undefined || worker.perSecond === 0) return 2 * worker.count
  return Math.max(worker.count + 1, Math.round((capacity / worker.perSecond) * worker.count))
}

/** "1 replica of rng × 10/s is 99 % busy" */
function describeUse(pipeline: Pipeline, name: Upstream): string {
  const { count, capacity, busy } = pipeline[name]
  if (capacity === undefined || busy === undefined || count === 0) return `${name} does not limit the speed`
  const each = capacity / count
  const rate = each >= 100 ? Math.round(each) : each.toPrecision(2)
  const [replicas, are] = count === 1 ? ['replica', 'is'] : ['replicas', 'are']
  return `${count} ${replicas} of ${name} × ${rate}/s ${are} ${formatPart(busy)} busy`
}
