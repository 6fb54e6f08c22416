import { upstreams, type Pipeline, type Upstream, type Verdict, type VerdictState } from './api.ts'
import { formatMs, formatPart, formatRate } from './format.ts'
import { busiest, isAway } from './pipeline.ts'
import { isLate, NEARLY_FULL } from './plan.ts'
import { refusedPart, refuser } from './refusals.ts'
import { findCommands, type Plan, type Platform, type Start } from './scale-command.ts'

/** Advised replicas serve this part of the loops' capacity: a full service makes loops wait. */
const ENOUGH = 0.8

/** What to read before running a command. */
const hints: Partial<Record<Platform, string>> = {
  local: 'Run it in a second terminal.',
  swarm: 'It is for a stack that is named dockercoins.',
}

/** A state in words. `known` is the plan that ran when the last unit of work ended. */
export function describeState(pipeline: Pipeline, state: VerdictState, start: Start, known: Plan): Verdict {
  const { worker, rng, foreignSpeed } = pipeline
  const { platform } = start
  const current = { ...known, workers: worker.count }
  const name = busiest(pipeline)
  const say = (
    sentence: string,
    rest: { evidence?: string | undefined; wanted?: Partial<Plan>; more?: string } = {},
  ) => {
    // Where workers use replicas without names, a command could take some of them away.
    const isKnown = worker.count === 0 || (known.rng > 0 && known.hasher > 0)
    const commands = rest.wanted && isKnown ? findCommands(start, current, { ...current, ...rest.wanted }) : []
    const command = commands.join(' && ')
    const mixed =
      worker.count > 0 && foreignSpeed
        ? `Workers that do not report make ${formatRate(foreignSpeed)} hashes per second beside these.`
        : undefined
    const more = rest.more ?? mixed ?? (command && hints[platform])
    const { evidence } = rest
    return { state, sentence, ...(evidence && { evidence }), ...(more && { more }), ...(command && { command }) }
  }

  switch (state) {
    case 'early':
      return say('Measuring where the time goes.')
    case 'idle':
      if (foreignSpeed === null) return say('No worker reports.')
      return say('No worker reports: start one.', {
        wanted: { workers: 1 },
        more: 'If one is running, its log shows why.',
      })
    case 'foreign':
      return say('Only workers that do not report are mining, so where their time goes is not known.', {
        evidence: `${formatRate(foreignSpeed ?? 0)} hashes per second`,
      })
    case 'stuck': {
      const away = upstreams.filter((each) => isAway(pipeline[each]))
      const partly = upstreams.find((each) => pipeline[each].notResponding > 0)
      if (away.length === 0)
        return say('No unit of work ends: see the workers’ logs about rng and hasher.', {
          evidence: partly && describeResponding(pipeline, partly),
        })
      return say(`No unit of work ends, because ${away.join(' and ')} ${away.length > 1 ? 'do' : 'does'} not respond.`)
    }
    case 'not-responding': {
      const away = rng.notResponding > 0 ? 'rng' : 'hasher'
      const { notResponding } = pipeline[away]
      const which = notResponding === 1 ? `A replica of ${away} does` : `${notResponding} replicas of ${away} do`
      return say(`${which} not respond: see the log.`, { evidence: describeResponding(pipeline, away) })
    }
    case 'back-pressure': {
      const full = refuser(pipeline)
      return say(`The queue of ${full} is full: add replicas.`, {
        evidence: `${full} refuses ${formatPart(refusedPart(pipeline, full))} of all requests`,
        wanted: { [full]: replicasFor(pipeline, full, current[full]) },
      })
    }
    case 'machine': {
      const where = platform === 'local' ? 'This machine' : 'The machine of the workers'
      const networkMs = rng.networkMs + pipeline.hasher.networkMs
      if (isLate(pipeline))
        return say(`${where} is too busy for more workers.`, {
          evidence: `pauses set to ${formatMs(pipeline.delayMs)} take ${formatMs(worker.serviceMs)}`,
        })
      return say('The network between worker, rng and hasher is slow, or a machine is busy.', {
        evidence: `${formatMs(networkMs)} per unit on the network`,
      })
    }
    case 'well':
      return say(`Workers and ${name} match: add both to go faster.`, {
        evidence: describeUse(pipeline, name),
        wanted: { workers: 2 * worker.count, [name]: replicasFor(pipeline, name, current[name], 2) },
      })
    case 'worker':
      return say(`${describeFreedom(pipeline)}: add workers.`, {
        evidence: foreignSpeed ? undefined : describeUse(pipeline, name),
        wanted: { workers: workersToFill(pipeline, name) },
      })
    default: {
      const wanted = replicasFor(pipeline, state, current[state])
      return say(`Loops wait for ${state}: add ${wanted - current[state] > 1 ? 'replicas' : 'a replica'}.`, {
        evidence: describeBottleneck(pipeline, state),
        wanted: { [state]: wanted },
      })
    }
  }
}

function describeResponding(pipeline: Pipeline, name: Upstream): string {
  const { count, notResponding } = pipeline[name]
  return `${count} of ${count + notResponding} ${name} respond`
}

function describeBottleneck(pipeline: Pipeline, name: Upstream): string {
  const { timed, share, queueMs, busy } = pipeline[name]
  if (!timed) return `loops spend ${formatPart(share)} of their time on ${name}`
  const wait = `requests wait ${formatMs(queueMs)}`
  // "60 % busy" would contradict a long queue.
  return busy === undefined || busy < NEARLY_FULL ? wait : `${name} is ${formatPart(busy)} busy, ${wait}`
}

/** How many replicas serve `times` the loops of now, and at least one more than now. */
function replicasFor(pipeline: Pipeline, name: Upstream, known: number, times = 1): number {
  const { capacity = 0, count } = pipeline[name]
  const each = capacity / Math.max(1, count)
  const perSecond = times * ENOUGH * (pipeline.worker.capacity ?? 0)
  return Math.max(known + 1, each > 0 ? Math.ceil(perSecond / each) : 0)
}

/** How many workers fill `name`; twice as many as now where it is not known how full it is. */
function workersToFill({ worker, ...stages }: Pipeline, name: Upstream): number {
  const { capacity, busy } = stages[name]
  if (capacity === undefined || busy === undefined || worker.perSecond === 0) return 2 * worker.count
  return Math.max(worker.count + 1, Math.round((capacity / worker.perSecond) * worker.count))
}

/** Where it is not known how full a service is, only that loops hardly wait for it. */
function describeFreedom({ rng, hasher }: Pipeline): string {
  if (!rng.timed || !hasher.timed) return 'No service takes most of the loops’ time'
  const isKnown = rng.busy !== undefined || hasher.busy !== undefined
  return isKnown ? 'rng and hasher can serve more' : 'Loops hardly wait for rng and hasher'
}

function describeUse(pipeline: Pipeline, name: Upstream): string | undefined {
  const { busy } = pipeline[name]
  return busy === undefined ? undefined : `${name} is ${formatPart(busy)} busy`
}
